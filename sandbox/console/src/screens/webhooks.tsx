import { control, read } from "../api";
import { useClock } from "../clock";
import { fault, pretty, time } from "../format";
import { Choice, Filters, List } from "../list";
import { useLive } from "../live";
import { href } from "../route";
import { t } from "../texts";
import type { Attempt, Info, SignedAttempt, Waiting as WaitingRow, WebhooksData, WebhookSettings } from "../types";
import { FormButton } from "../form";
import { Badge, Button, Code, Empty, Facts, Split, Time, toast, Waiting } from "../ui";
import { kindFields, kindValue } from "./faults";
import type { ScreenProps } from "./screen";

type State = "accepted" | "failed" | "waiting";

/** A webhook with its last attempt and the one it waits for. */
interface Webhook {
    id: string;
    action: string;
    last: Attempt | undefined;
    waiting: WaitingRow | undefined;
    attempts: number;
    time: number;
    body: string;
}

function group({ attempts, waiting }: WebhooksData): Webhook[] {
    const found = new Map<string, Webhook>();
    // The waiting ones first, then the attempts, newest first.
    for (const one of waiting) {
        found.set(one.id, {
            id: one.id,
            action: one.action,
            last: undefined,
            waiting: one,
            attempts: 0,
            time: one.due_ms,
            body: one.body,
        });
    }
    for (const one of attempts) {
        const known = found.get(one.id);
        if (known) {
            known.last ??= one;
            known.attempts += 1;
        } else {
            found.set(one.id, {
                id: one.id,
                action: one.action,
                last: one,
                waiting: undefined,
                attempts: 1,
                time: one.time_ms,
                body: one.body,
            });
        }
    }
    return [...found.values()];
}

function stateOf(one: Webhook): State {
    if (one.waiting) return "waiting";
    return one.last?.error === null ? "accepted" : "failed";
}

function StateBadge({ of }: { of: State }) {
    return <Badge tone={({ accepted: "good", failed: "bad", waiting: "warn" } as const)[of]}>{t.webhooks[of]}</Badge>;
}

export function Webhooks({ info, route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const state = route.params.get("state") ?? "";
    const { data, error, reload } = useLive<WebhooksData>(["webhooks"], "webhooks", () => read("webhooks"));
    if (!data) return <Waiting error={error} />;
    const all = group(data);
    const matching = all.filter(
        (one) => (state === "" || stateOf(one) === state) && `${one.id} ${one.action} ${one.body}`.includes(text),
    );
    const list = (
        <>
            <Filters text={text} count={t.common.shown(matching.length, all.length)}>
                <Choice
                    name="state"
                    label={t.webhooks.state}
                    value={state}
                    options={[
                        ["", t.common.all],
                        ["accepted", t.webhooks.accepted],
                        ["failed", t.webhooks.failed],
                        ["waiting", t.webhooks.waiting],
                    ]}
                />
                <Settings of={data.settings} info={info} onSaved={reload} />
                <PlanFault />
            </Filters>
            <p class="strip">
                {data.settings.url === null ? (
                    t.webhooks.noUrl
                ) : (
                    <>
                        <span class="dim">{t.webhooks.url}</span> <span class="mono">{data.settings.url}</span>
                    </>
                )}
            </p>
            <List
                label={t.nav.webhooks}
                rows={matching}
                selected={route.id}
                id={(row) => row.id}
                href={(row) => href("webhooks", row.id, route.params)}
                empty={<Empty title={text || state ? t.common.noMatch : t.common.empty} />}
                columns={[
                    { title: t.webhooks.action, width: "minmax(120px, 1fr)", cell: (row) => row.action },
                    {
                        title: t.webhooks.id,
                        width: "minmax(120px, 1fr)",
                        isExtra: true,
                        cell: (row) => <span class="mono dim">{row.id}</span>,
                    },
                    { title: t.webhooks.state, width: "105px", cell: (row) => <StateBadge of={stateOf(row)} /> },
                    {
                        title: t.webhooks.attempts,
                        width: "90px",
                        isExtra: true,
                        isNumber: true,
                        cell: (row) => row.attempts,
                    },
                    {
                        title: t.requests.fault,
                        width: "120px",
                        isExtra: true,
                        cell: (row) => row.last?.fault && <Badge tone="bad">{fault(row.last.fault)}</Badge>,
                    },
                    {
                        title: t.common.time,
                        width: "85px",
                        isNumber: true,
                        cell: (row) => (
                            <span class="num dim" title={time(row.time)}>
                                {time(row.time).slice(11)}
                            </span>
                        ),
                    },
                ]}
            />
        </>
    );
    return <Split page="webhooks" id={route.id} list={list} detail={<Detail id={route.id} />} />;
}

function Detail({ id }: { id: string }) {
    const { data, error } = useLive(["webhooks"], `webhook ${id}`, () =>
        read<{ attempts: SignedAttempt[]; waiting: WaitingRow | null }>("webhook", { id }),
    );
    const clock = useClock();
    if (!data) return <Waiting error={error} />;
    const { attempts, waiting } = data;
    const action = attempts[0]?.action ?? waiting?.action;
    if (action === undefined) return <Empty title={t.common.missing}>{id}</Empty>;
    const isDue = clock !== undefined && waiting !== null && waiting.due_ms <= clock.now;
    const redeliver = async () => {
        await control("/callbacks/redeliver", { id });
        toast(t.webhooks.redelivered);
    };
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2>{action}</h2>
                </div>
                <p class="mono path">{id}</p>
                <div class="actions">
                    <Button kind="primary" onClick={redeliver}>
                        {t.webhooks.redeliver}
                    </Button>
                </div>
            </header>
            {waiting && (
                <Facts
                    rows={[
                        [
                            t.webhooks.due,
                            <>
                                <Time ms={waiting.due_ms} /> {isDue && <Badge tone="warn">{t.webhooks.dueNow}</Badge>}
                            </>,
                        ],
                        [t.webhooks.attempt, waiting.attempt],
                    ]}
                />
            )}
            {attempts.length === 0 && <Empty title={t.webhooks.noAttempt} />}
            {[...attempts].reverse().map((one, at) => (
                <AttemptPanel key={`${one.attempt} ${attempts.length - at}`} of={one} isOpen={at === 0} />
            ))}
        </>
    );
}

function AttemptPanel({ of, isOpen }: { of: SignedAttempt; isOpen: boolean }) {
    const style = t.webhooks.styles[of.sign_style as keyof typeof t.webhooks.styles] ?? of.sign_style;
    return (
        <details class="panel attempt" open={isOpen}>
            <summary>
                <b>
                    {t.webhooks.attempt} {of.attempt}
                </b>{" "}
                <StateBadge of={of.error === null ? "accepted" : "failed"} />
                {of.fault !== null && <Badge tone="bad">{fault(of.fault)}</Badge>} <Time ms={of.time_ms} />
            </summary>
            {of.error !== null && <p class="error">{of.error}</p>}
            <Facts
                rows={[
                    [t.requests.http, of.http_status ?? "–"],
                    [t.requests.code, of.code ?? "–"],
                    [t.webhooks.timestamp, <span class="mono">{of.timestamp_ms}</span>],
                    ["appId", <span class="mono">{of.app_id}</span>],
                    [t.webhooks.form, style],
                ]}
            />
            <h3>{t.webhooks.signed}</h3>
            <Code text={of.signed_text} label={t.webhooks.signed} />
            <p class="dim note">{t.webhooks.key}</p>
            <h3>{t.webhooks.signature}</h3>
            <Code text={of.signature} label={t.webhooks.signature} />
            <h3>{t.webhooks.body}</h3>
            <Code text={pretty(of.body)} label={t.webhooks.body} />
        </details>
    );
}

function Settings({ of, info, onSaved }: { of: WebhookSettings; info: Info; onSaved: () => void }) {
    const save = async (values: Record<string, string>) => {
        const { url = "", sign_style, nulls, rotated_secret = "" } = values;
        await control("/callbacks/settings", {
            url,
            sign_style,
            nulls,
            ...(rotated_secret !== "" && { rotated_secret }),
        });
        toast(t.webhooks.saved);
        onSaved();
    };
    const sink = async () => {
        await control("/callbacks/settings", { url: `${info.control_url}/callbacks/sink` });
        toast(t.webhooks.saved);
        onSaved();
    };
    return (
        <>
            <FormButton
                title={t.webhooks.settings}
                submit={t.common.done}
                onSubmit={save}
                fields={[
                    {
                        name: "url",
                        label: t.webhooks.url,
                        value: of.url ?? "",
                        type: "url",
                        hint: t.webhooks.urlHint,
                        optional: true,
                        wide: true,
                    },
                    {
                        name: "sign_style",
                        label: t.webhooks.style,
                        value: of.sign_style,
                        options: Object.entries(t.webhooks.styles),
                    },
                    {
                        name: "nulls",
                        label: t.webhooks.nulls,
                        value: of.nulls,
                        options: Object.entries(t.webhooks.nullForms),
                    },
                    {
                        name: "rotated_secret",
                        label: `${t.webhooks.rotate}: ${t.webhooks.secret}`,
                        type: "password",
                        optional: true,
                    },
                ]}
            />
            {of.url === null && <Button onClick={sink}>{t.webhooks.sink}</Button>}
        </>
    );
}

function PlanFault() {
    const plan = async (values: Record<string, string>) => {
        await control("/callbacks/faults", { action: values.action || null, kind: kindValue(values) });
        toast(t.webhooks.planned);
    };
    return (
        <FormButton
            title={t.webhooks.fault}
            onSubmit={plan}
            fields={[
                {
                    name: "action",
                    label: t.webhooks.action,
                    options: [
                        ["", t.common.any],
                        ...["Auth", "Consumption", "Card_update"].map((one): [string, string] => [one, one]),
                    ],
                },
                ...kindFields(t.faults.webhookKinds),
            ]}
        >
            <small class="dim">{t.webhooks.faultHint}</small>
        </FormButton>
    );
}
