import { useState } from "preact/hooks";
import { controlGet, read } from "../api";
import { Chart, COLORS, type Hover } from "../chart";
import { ClockControls } from "../clock";
import { micros, money } from "../format";
import { useLive } from "../live";
import { href } from "../route";
import { store, stored, t } from "../texts";
import type { Info, OperationFigures, OverviewData, Series, SeriesName } from "../types";
import { Button, Code, Empty, Panel, Waiting } from "../ui";
import type { ScreenProps } from "./screen";

const NAMES: SeriesName[] = ["cardholders", "holds", "spent", "fees", "reserve"];
const HIDDEN_KEY = "keysecure.chart.hidden";

export function Overview({ info, theme }: ScreenProps) {
    const { data, error } = useLive(["rows", "requests", "webhooks", "faults"], "overview", () =>
        read<OverviewData>("overview"),
    );
    if (!data) return <Waiting error={error} />;
    const account: Record<SeriesName, string> = {
        reserve: "merchant_reserve",
        cardholders: "",
        holds: "",
        spent: "shops",
        fees: "fees",
    };
    return (
        <div class="page overview">
            <ul class="tiles">
                {(["reserve", "cardholders", "holds", "spent", "fees"] as const).map((name) => (
                    <li key={name}>
                        <a href={href("ledger", account[name])}>
                            <span>{t.overview[name]}</span>
                            <strong class="num">{money(data.balances[name])}</strong>
                        </a>
                    </li>
                ))}
                <li>
                    <a href={href("requests")}>
                        <span>{t.nav.requests}</span>
                        <strong class="num">{data.counts.requests}</strong>
                    </a>
                </li>
                <li>
                    <a href={href("webhooks")}>
                        <span>{t.overview.waiting}</span>
                        <strong class="num">{data.webhooks.waiting}</strong>
                        {data.webhooks.failed > 0 && (
                            <em class="bad">{t.overview.webhooksFailed(data.webhooks.failed)}</em>
                        )}
                    </a>
                </li>
                <li>
                    <a href={href("faults")}>
                        <span>{t.overview.planned}</span>
                        <strong class="num">{data.faults.planned}</strong>
                        {data.faults.fired > 0 && <em>{t.overview.fired(data.faults.fired)}</em>}
                    </a>
                </li>
            </ul>
            <div class="columns">
                <div>
                    <Balances theme={theme} />
                    <Operations of={data.operations} />
                </div>
                <div>
                    <Panel title={t.clock.title}>
                        <ClockControls />
                    </Panel>
                    <Connect info={info} />
                </div>
            </div>
        </div>
    );
}

function Balances({ theme }: { theme: string }) {
    const { data, error } = useLive(["rows"], "series", () => read<Series>("series"));
    const [hidden, setHidden] = useState(() => new Set((stored(HIDDEN_KEY) ?? "reserve").split(" ")));
    const [hover, setHover] = useState<Hover>();
    if (!data)
        return (
            <Panel title={t.overview.chart}>
                <Waiting error={error} />
            </Panel>
        );
    const shown = NAMES.filter((name) => !hidden.has(name));
    const toggle = (name: SeriesName) => {
        const next = new Set(hidden);
        if (!next.delete(name)) next.add(name);
        store(HIDDEN_KEY, [...next].join(" "));
        setHidden(next);
    };
    return (
        <Panel title={t.overview.chart}>
            <div class="legend">
                {NAMES.map((name) => (
                    <button key={name} type="button" aria-pressed={!hidden.has(name)} onClick={() => toggle(name)}>
                        <i style={{ background: `var(${COLORS[name]})` }} aria-hidden="true" /> {t.overview[name]}
                        <b class="num">{money(hover?.values[name] || (data[name].at(-1) ?? "0.00"))}</b>
                    </button>
                ))}
            </div>
            {data.times.length > 1 ? (
                <Chart
                    data={data}
                    shown={shown}
                    theme={theme}
                    onHover={setHover}
                    label={`${t.overview.chart}: ${shown.map((name) => `${t.overview[name]} ${money(data[name].at(-1) ?? "0")}`).join(", ")}`}
                />
            ) : (
                <Empty title={t.overview.chartEmpty} />
            )}
            <p class="dim note">{hover ? `${hover.time} UTC` : t.overview.chartHint}</p>
        </Panel>
    );
}

function Operations({ of }: { of: OperationFigures[] }) {
    return (
        <Panel title={t.overview.operations}>
            {of.length === 0 ? (
                <Empty title={t.overview.noRequests} />
            ) : (
                <div class="scroll" tabIndex={0} role="region" aria-label={t.overview.operations}>
                    <table>
                        <thead>
                            <tr>
                                <th>{t.overview.operation}</th>
                                <th class="right">{t.common.count}</th>
                                <th>{t.overview.outcome}</th>
                                <th class="right">{t.overview.median}</th>
                                <th class="right">{t.overview.p95}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {of.map((one) => (
                                <tr key={one.operation}>
                                    <td>
                                        <a class="mono" href={href("requests", "", { operation: one.operation })}>
                                            {one.operation}
                                        </a>
                                    </td>
                                    <td class="right num">{one.count}</td>
                                    <td>
                                        <Outcomes of={one} />
                                    </td>
                                    <td class="right num">{micros(one.p50_us)}</td>
                                    <td class="right num">{micros(one.p95_us)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            <p class="keyline dim">
                <i class="good" /> {t.overview.succeeded} <i class="warn" /> {t.overview.refused} <i class="bad" />{" "}
                {t.overview.faulty}
            </p>
        </Panel>
    );
}

function Outcomes({ of }: { of: OperationFigures }) {
    const label = t.overview.outcomes(of.succeeded, of.refused, of.faulty);
    const part = (count: number) => ({ width: `${(100 * count) / of.count}%` });
    return (
        <span class="bar" role="img" aria-label={label} title={label}>
            <i class="good" style={part(of.succeeded)} />
            <i class="warn" style={part(of.refused)} />
            <i class="bad" style={part(of.faulty)} />
        </span>
    );
}

function Connect({ info }: { info: Info }) {
    const [secret, setSecret] = useState<string>();
    const reveal = async () => {
        if (secret !== undefined) return setSecret(undefined);
        setSecret((await controlGet<{ api_secret: string }>("/info")).api_secret);
    };
    const text = [
        `export KEYSECURE_BASE_URL=${info.base_url}`,
        `export KEYSECURE_API_KEY=${info.api_key}`,
        `export KEYSECURE_API_SECRET=${secret ?? "••••••••"}`,
    ].join("\n");
    return (
        <Panel
            title={t.overview.connect}
            actions={<Button onClick={reveal}>{secret === undefined ? t.common.reveal : t.common.hide}</Button>}
        >
            <p class="dim note">{t.overview.connectHint}</p>
            <Code text={text} label={t.overview.connect} />
            <p class="dim note">{t.overview.secretNote}</p>
        </Panel>
    );
}
