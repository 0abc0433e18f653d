import { useState } from "preact/hooks";
import { control, read } from "../api";
import { useLive } from "../live";
import { href, setParams } from "../route";
import { t } from "../texts";
import type { Comparison, Json, KindDifference, Kind, SnapshotRow } from "../types";
import { Ask } from "../form";
import { Badge, Button, Empty, Money, Panel, Ref, Time, toast, Waiting } from "../ui";
import { AccountName } from "./ledger";
import type { ScreenProps } from "./screen";

export function Snapshots({ route }: ScreenProps) {
    const { data, error } = useLive(["snapshots"], "snapshots", () => read<{ snapshots: SnapshotRow[] }>("snapshots"));
    if (!data) return <Waiting error={error} />;
    const take = async () => {
        const { snapshot } = await control<{ snapshot: number }>("/snapshot");
        toast(t.snapshots.taken(snapshot));
        setParams({ from: String(snapshot), to: "" });
    };
    const restore = async (snapshot: number) => {
        await control("/restore", { snapshot });
        toast(t.snapshots.restored(snapshot));
    };
    const rows = [...data.snapshots].reverse();
    return (
        <div class="page">
            <Panel
                title={t.nav.snapshots}
                actions={
                    <Button kind="primary" onClick={take}>
                        {t.snapshots.take}
                    </Button>
                }
            >
                {rows.length === 0 ? (
                    <Empty title={t.snapshots.none}>{t.snapshots.noneHint}</Empty>
                ) : (
                    <div class="scroll" tabIndex={0} role="region" aria-label={t.nav.snapshots}>
                        <table>
                            <thead>
                                <tr>
                                    <th>{t.common.number}</th>
                                    <th>{t.snapshots.real}</th>
                                    <th>{t.snapshots.virtual}</th>
                                    <th class="right">{t.nav.cardholders}</th>
                                    <th class="right">{t.nav.cards}</th>
                                    <th class="right">{t.nav.consumptions}</th>
                                    <th class="right">{t.nav.transfers}</th>
                                    <th class="right">{t.overview.reserve}</th>
                                    <th>{t.common.actions}</th>
                                </tr>
                            </thead>
                            <tbody>
                                {rows.map((row) => (
                                    <tr key={row.snapshot}>
                                        <td>
                                            <b>{t.snapshots.one(row.snapshot)}</b>
                                        </td>
                                        <td>
                                            <Time ms={row.taken_ms} />
                                        </td>
                                        <td>
                                            <Time ms={row.virtual_ms} />
                                        </td>
                                        <td class="right num">{row.cardholders}</td>
                                        <td class="right num">{row.cards}</td>
                                        <td class="right num">{row.consumptions}</td>
                                        <td class="right num">{row.transfers}</td>
                                        <td class="right">
                                            <Money of={row.reserve} />
                                        </td>
                                        <td>
                                            <Ask
                                                title={t.snapshots.restore}
                                                question={t.snapshots.restoreAsk(row.snapshot)}
                                                onYes={() => restore(row.snapshot)}
                                            />
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                )}
            </Panel>
            {rows.length > 0 && (
                <Compare rows={rows} from={route.params.get("from") ?? ""} to={route.params.get("to") ?? ""} />
            )}
        </div>
    );
}

function Compare({ rows, from, to }: { rows: SnapshotRow[]; from: string; to: string }) {
    const names = rows.map((row): [string, string] => [String(row.snapshot), t.snapshots.one(row.snapshot)]);
    const first = names.some(([name]) => name === from) ? from : (names[0]?.[0] ?? "");
    const pick = (name: string, value: string, options: [string, string][]) => (
        <label>
            {t.snapshots[name as "from" | "to"]}{" "}
            <select value={value} onChange={(event) => setParams({ [name]: event.currentTarget.value })}>
                {options.map(([option, text]) => (
                    <option key={option} value={option}>
                        {text}
                    </option>
                ))}
            </select>
        </label>
    );
    const { data, error } = useLive(["rows", "snapshots"], `compare ${first} ${to}`, () =>
        read<Comparison>("compare", { from: Number(first), ...(to !== "" && { to: Number(to) }) }),
    );
    return (
        <Panel
            title={t.snapshots.compare}
            actions={
                <>
                    {pick("from", first, names)} {pick("to", to, [["", t.snapshots.now], ...names])}
                </>
            }
        >
            {data ? <Differences of={data} /> : <Waiting error={error} />}
        </Panel>
    );
}

function Differences({ of }: { of: Comparison }) {
    const kinds = (Object.entries(of.rows) as [Kind, KindDifference][]).filter(
        ([, one]) => one.added_count + one.removed_count + one.changed_count > 0,
    );
    if (kinds.length === 0 && of.balance_count === 0) return <Empty title={t.snapshots.same} />;
    return (
        <div class="differences">
            {kinds.map(([kind, one]) => (
                <section key={kind}>
                    <h3>
                        {t.nav[kind]}{" "}
                        {one.added_count > 0 && (
                            <Badge tone="good">
                                {one.added_count} {t.snapshots.added}
                            </Badge>
                        )}{" "}
                        {one.removed_count > 0 && (
                            <Badge tone="bad">
                                {one.removed_count} {t.snapshots.removed}
                            </Badge>
                        )}{" "}
                        {one.changed_count > 0 && (
                            <Badge tone="warn">
                                {one.changed_count} {t.snapshots.changed}
                            </Badge>
                        )}
                    </h3>
                    <Numbers sign="+" numbers={one.added} kind={kind} />
                    <Numbers sign="−" numbers={one.removed} kind="" />
                    {one.changed.map((row) => (
                        <p key={row.number} class="change">
                            <Ref page={kind} no={row.number} />{" "}
                            {row.fields.map((field) => (
                                <span key={field.field} class="mono">
                                    {field.field}: <del>{shown(field.before)}</del> <ins>{shown(field.after)}</ins>
                                </span>
                            ))}
                        </p>
                    ))}
                </section>
            ))}
            {of.balance_count > 0 && (
                <section>
                    <h3>{t.snapshots.balances}</h3>
                    <div class="scroll" tabIndex={0} role="region" aria-label={t.snapshots.balances}>
                        <table>
                            <thead>
                                <tr>
                                    <th>{t.ledger.account}</th>
                                    <th class="right">{t.snapshots.before}</th>
                                    <th class="right">{t.snapshots.after}</th>
                                    <th class="right">{t.snapshots.difference}</th>
                                </tr>
                            </thead>
                            <tbody>
                                {of.balances.map((row) => (
                                    <tr key={row.account}>
                                        <td>
                                            <a href={href("ledger", row.account)}>
                                                <AccountName of={row.account} />
                                            </a>
                                        </td>
                                        <td class="right">
                                            <Money of={row.before} />
                                        </td>
                                        <td class="right">
                                            <Money of={row.after} />
                                        </td>
                                        <td class="right">
                                            <Money of={row.difference} sign />
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                </section>
            )}
        </div>
    );
}

/** The numbers of rows, a few of them at first. */
function Numbers({ sign, numbers, kind }: { sign: string; numbers: string[]; kind: string }) {
    const [isOpen, setOpen] = useState(false);
    if (numbers.length === 0) return null;
    const few = isOpen ? numbers : numbers.slice(0, 6);
    return (
        <p class="change">
            {few.map((no) => (
                <span key={no}>
                    {sign} {kind ? <Ref page={kind} no={no} /> : <span class="mono">{no}</span>}
                </span>
            ))}
            {few.length < numbers.length && (
                <Button onClick={() => setOpen(true)}>
                    {t.common.show} {numbers.length}
                </Button>
            )}
        </p>
    );
}

function shown(value: Json): string {
    return typeof value === "string" ? value || "–" : JSON.stringify(value);
}
