import { useEffect, useState } from "preact/hooks";
import { read } from "../api";
import { fault, micros, pretty, time } from "../format";
import { Choice, Filters, List } from "../list";
import { subscribe, useLive } from "../live";
import { href } from "../route";
import { code, type SdkLanguage } from "../sdk";
import { store, stored, t } from "../texts";
import type { Info, Pairs, RequestDetail, RequestEntry } from "../types";
import { Badge, Code, Empty, Facts, Panel, Split, Time, Waiting } from "../ui";
import type { ScreenProps } from "./screen";

/** The entries that the page keeps. */
const MAX_ENTRIES = 10_000;
const CONSOLE_AGENT = "keysecure-console";

type Outcome = "ok" | "refused" | "faulty";

function outcome([, , , , , code, , , fault]: RequestEntry): Outcome {
    if (fault !== null || code === null) return "faulty";
    return code === 0 ? "ok" : "refused";
}

/** The log, of which only what changed is read again. */
let log: { change: number; entries: RequestEntry[] } = { change: 0, entries: [] };

async function update(): Promise<void> {
    const { change, entries } = await read<{ change: number; entries: RequestEntry[] }>("requests", {
        change: log.change,
    });
    if (change < log.change) {
        // Another sandbox is at this address now.
        log = { change: 0, entries: [] };
        return update();
    }
    const known = new Map(entries.map((entry) => [entry[0], entry]));
    const newest = log.entries[0]?.[0] ?? 0;
    const added = entries.filter(([id]) => id > newest);
    const kept = entries.length > added.length ? log.entries.map((entry) => known.get(entry[0]) ?? entry) : log.entries;
    log = { change, entries: [...added, ...kept].slice(0, MAX_ENTRIES) };
}

function useLog() {
    const [shown, show] = useState(log);
    const [error, setError] = useState<string>();
    useEffect(() => {
        let [isBusy, isStale, isOver] = [false, false, false];
        const run = async () => {
            isStale = true;
            if (isBusy) return;
            isBusy = true;
            while (isStale && !isOver) {
                isStale = false;
                try {
                    await update();
                    show(log);
                    setError(undefined);
                } catch (problem) {
                    setError((problem as Error).message);
                }
                await new Promise((resolve) => setTimeout(resolve, 250));
            }
            isBusy = false;
        };
        void run();
        const stop = subscribe((changed) => changed.has("requests") && void run());
        return () => {
            isOver = true;
            stop();
        };
    }, []);
    return { entries: shown.entries, error, isLoaded: shown.change > 0 || shown.entries.length > 0 };
}

export function Requests({ info, route }: ScreenProps) {
    const { entries, error } = useLog();
    const text = (route.params.get("q") ?? "").toLowerCase();
    const operation = route.params.get("operation") ?? "";
    const wanted = route.params.get("outcome") ?? "";
    const matching = entries.filter(
        (entry) =>
            (operation === "" || entry[2] === operation) &&
            (wanted === "" || outcome(entry) === wanted) &&
            (text === "" ||
                `${entry[2]} ${entry[3]} ${entry[4]} ${entry[5] ?? ""} ${entry[8] ? fault(entry[8]) : ""}`
                    .toLowerCase()
                    .includes(text)),
    );
    const names = info.operations.map((one): [string, string] => [one.operation, one.operation]);
    const list = (
        <>
            <Filters text={route.params.get("q") ?? ""} count={t.common.shown(matching.length, entries.length)}>
                <Choice
                    name="operation"
                    label={t.overview.operation}
                    value={operation}
                    options={[["", t.faults.anyOperation], ...names, ["unknown", "unknown"]]}
                />
                <Choice
                    name="outcome"
                    label={t.requests.outcome}
                    value={wanted}
                    options={[
                        ["", t.common.all],
                        ["ok", t.requests.ok],
                        ["refused", t.requests.refused],
                        ["faulty", t.requests.faulty],
                    ]}
                />
            </Filters>
            {error !== undefined && entries.length === 0 ? (
                <Waiting error={error} />
            ) : (
                <List
                    label={t.nav.requests}
                    rows={matching}
                    selected={route.id}
                    id={(row) => String(row[0])}
                    href={(row) => href("requests", String(row[0]), route.params)}
                    empty={
                        entries.length === 0 ? (
                            <Empty title={t.requests.none}>{t.requests.noneHint}</Empty>
                        ) : (
                            <Empty title={t.common.noMatch} />
                        )
                    }
                    columns={[
                        {
                            title: t.overview.operation,
                            width: "minmax(180px, 1.4fr)",
                            cell: (row) => <span class="mono">{row[2]}</span>,
                        },
                        {
                            title: t.requests.path,
                            width: "minmax(140px, 2fr)",
                            isExtra: true,
                            cell: (row) => (
                                <span class="mono dim" title={row[4]}>
                                    {row[3]} {row[4].replace("/open-api/v1", "")}
                                </span>
                            ),
                        },
                        { title: t.requests.outcome, width: "minmax(96px, 150px)", cell: (row) => <Result of={row} /> },
                        {
                            title: t.requests.took,
                            width: "80px",
                            isExtra: true,
                            isNumber: true,
                            cell: (row) => <span class="num">{micros(row[7])}</span>,
                        },
                        {
                            title: t.common.time,
                            width: "85px",
                            isNumber: true,
                            cell: (row) => (
                                <span class="num dim" title={time(row[1])}>
                                    {time(row[1]).slice(11)}
                                </span>
                            ),
                        },
                    ]}
                />
            )}
        </>
    );
    return <Split page="requests" id={route.id} list={list} detail={<Detail id={Number(route.id)} info={info} />} />;
}

function Result({ of }: { of: RequestEntry }) {
    const [, , , , , code, status, , kind] = of;
    if (kind !== null) return <Badge tone="bad">{fault(kind)}</Badge>;
    if (code === null) return <Badge tone="bad">{status ?? "–"}</Badge>;
    return <Badge tone={code === 0 ? "good" : "warn"}>{code}</Badge>;
}

function Detail({ id, info }: { id: number; info: Info }) {
    const { data, error } = useLive(["requests"], `request ${id}`, () => read<RequestDetail>("request", { id }));
    if (!data) return <Waiting error={error} />;
    const { record, exchange } = data;
    const response = exchange?.response;
    const isOwn = exchange?.headers.some(([name, value]) => name === "User-Agent" && value === CONSOLE_AGENT);
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2 class="mono">{record.operation}</h2>
                    <Result
                        of={[
                            id,
                            record.time_ms,
                            record.operation,
                            record.method,
                            "",
                            record.code,
                            data.http_status,
                            null,
                            record.fault,
                            record.committed,
                        ]}
                    />
                </div>
                <p class="mono path">
                    {record.method} {exchange?.path ?? record.path}
                </p>
            </header>
            <Facts
                rows={[
                    [t.common.time, <Time ms={record.time_ms} />],
                    [t.requests.took, micros(data.took_us)],
                    [t.requests.http, data.http_status ?? "–"],
                    [t.requests.code, record.code ?? "–"],
                    [t.requests.committed, record.committed ? t.common.yes : t.common.no],
                    [t.requests.connection, isOwn ? t.requests.byConsole : record.connection],
                    ...(record.fault !== null ? [[t.requests.fault, fault(record.fault)] as [string, string]] : []),
                ]}
            />
            <Snippets detail={data} info={info} />
            <Panel title={t.requests.request}>
                {exchange && <Headers of={exchange.headers} />}
                {record.body === "" ? (
                    <p class="dim note">{t.requests.noBody}</p>
                ) : (
                    <Code text={pretty(record.body)} label={`${t.requests.request}: ${t.requests.body}`} />
                )}
            </Panel>
            <Panel title={t.requests.response}>
                {!exchange ? (
                    <p class="dim note">{t.requests.notKept}</p>
                ) : !response ? (
                    <p class="dim note">{t.requests.waiting}</p>
                ) : (
                    <>
                        {response.connection === "reset" && <p class="note">{t.requests.noResponse}</p>}
                        {response.connection === "closed" && <p class="note">{t.requests.closed}</p>}
                        {response.headers.length > 0 && <Headers of={response.headers} />}
                        {response.body !== "" && (
                            <Code text={pretty(response.body)} label={`${t.requests.response}: ${t.requests.body}`} />
                        )}
                    </>
                )}
                <p class="dim note">{t.requests.secrets}</p>
            </Panel>
        </>
    );
}

export function Headers({ of }: { of: Pairs }) {
    return (
        <table class="headers" aria-label={t.requests.headers}>
            <tbody>
                {of.map(([name, value], at) => (
                    <tr key={at}>
                        <th scope="row">{name}</th>
                        <td class="mono">{value}</td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

const LANGUAGES: [SdkLanguage, string][] = [
    ["curl", "curl"],
    ["rust", "Rust"],
    ["python", "Python"],
    ["kotlin", "Kotlin"],
    ["swift", "Swift"],
];
const LANGUAGE_KEY = "keysecure.sdk";

/** The same call for a shell and in four languages. */
function Snippets({ detail, info }: { detail: RequestDetail; info: Info }) {
    const [chosen, choose] = useState<SdkLanguage>(
        () => LANGUAGES.find(([name]) => name === stored(LANGUAGE_KEY))?.[0] ?? "curl",
    );
    const text = code(detail, chosen, info);
    const pick = (language: SdkLanguage) => {
        store(LANGUAGE_KEY, language);
        choose(language);
    };
    const arrow = (event: KeyboardEvent, at: number) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const to = step && LANGUAGES[(at + step + LANGUAGES.length) % LANGUAGES.length];
        if (!to) return;
        event.preventDefault();
        pick(to[0]);
        document.getElementById(`tab-${to[0]}`)?.focus();
    };
    return (
        <Panel title={t.requests.code_}>
            <div class="tabs" role="tablist" aria-label={t.requests.code_}>
                {LANGUAGES.map(([language, name], at) => (
                    <button
                        key={language}
                        id={`tab-${language}`}
                        type="button"
                        role="tab"
                        aria-selected={language === chosen}
                        aria-controls="snippet"
                        tabIndex={language === chosen ? 0 : -1}
                        onClick={() => pick(language)}
                        onKeyDown={(event) => arrow(event, at)}
                    >
                        {name}
                    </button>
                ))}
            </div>
            <div id="snippet" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
                {text === undefined ? (
                    <p class="dim note">{t.common.none}</p>
                ) : (
                    <Code text={text} label={`${t.requests.code_}: ${chosen}`} />
                )}
            </div>
            {chosen === "curl" && <p class="dim note">{t.requests.repeatHint}</p>}
        </Panel>
    );
}
