import { useState } from "preact/hooks";
import { control, read } from "../api";
import { fault } from "../format";
import { useLive } from "../live";
import { t } from "../texts";
import type { FaultsData, Json } from "../types";
import { type Field, Form } from "../form";
import { Badge, Button, Empty, Panel, Time, toast, Waiting } from "../ui";
import type { ScreenProps } from "./screen";

/** The kinds that have a value: its unit, and the one that is filled in. */
const VALUES: Record<string, ["ms" | "bytes" | "code" | "status", string]> = {
    late_commit: ["ms", "2000"],
    stall: ["ms", "2000"],
    stall_after_commit: ["ms", "2000"],
    oversize: ["bytes", "20000000"],
    code: ["code", "1009"],
    code_after_commit: ["code", "1001"],
    http_status: ["status", "503"],
    skew_clock: ["ms", "-90000"],
    delay: ["ms", "5000"],
    stale_timestamp: ["ms", "600000"],
};

/** The fields for a kind and its value. */
export function kindFields(kinds: Record<string, string>, value = ""): Field[] {
    return [
        {
            name: "kind",
            label: t.faults.kind,
            value,
            options: Object.entries(kinds).map(([kind, text]) => [kind, `${text} (${kind})`]),
            wide: true,
        },
        {
            name: "value",
            label: t.faults.value,
            optional: true,
            type: "number",
            hint: Object.values(t.faults.units).join(", "),
        },
    ];
}

/** The JSON of a kind, from the fields of a form. */
export function kindValue({ kind = "", value = "" }: Record<string, string>): Json {
    const known = VALUES[kind];
    if (!known) return kind;
    const number = Number(value === "" ? known[1] : value);
    return { [kind]: known[0] === "status" ? [number, null] : number };
}

export function Faults({ info }: ScreenProps) {
    const { data, error } = useLive<FaultsData>(["faults", "webhooks"], "faults", () => read("faults"));
    const [kind, setKind] = useState("drop_after_commit");
    if (!data) return <Waiting error={error} />;
    const plan = async (values: Record<string, string>) => {
        await control("/faults", {
            operation: values.operation || null,
            nth: Number(values.nth),
            times: Number(values.times),
            kind: kindValue(values),
        });
        toast(t.faults.added);
    };
    const clear = async () => {
        await control("/faults/clear");
        toast(t.faults.cleared);
    };
    const unit = VALUES[kind];
    const operations = info.operations
        .filter((one) => one.allowed)
        .map((one): [string, string] => [one.operation, one.operation]);
    return (
        <div class="page columns even">
            <div>
                <Panel title={t.faults.plan}>
                    <Form
                        submit={t.faults.plan}
                        onSubmit={plan}
                        onChange={(values) => setKind(values.kind ?? "")}
                        fields={[
                            {
                                name: "operation",
                                label: t.faults.operation,
                                options: [["", t.faults.anyOperation], ...operations],
                                value: "accounts.transfer",
                            },
                            {
                                name: "kind",
                                label: t.faults.kind,
                                value: "drop_after_commit",
                                wide: true,
                                options: Object.entries(t.faults.kinds).map(([name, text]) => [
                                    name,
                                    `${text} (${name})`,
                                ]),
                            },
                            { name: "nth", label: t.faults.nth, type: "number", value: "1", hint: t.faults.nthHint },
                            { name: "times", label: t.faults.times, type: "number", value: "1" },
                            ...(unit
                                ? [
                                      {
                                          name: "value",
                                          label: `${t.faults.value} (${t.faults.units[unit[0]]})`,
                                          type: "number" as const,
                                          value: unit[1],
                                      },
                                  ]
                                : []),
                        ]}
                    />
                </Panel>
                <Panel
                    title={t.faults.planned}
                    {...(data.planned.length > 0 && { actions: <Button onClick={clear}>{t.faults.clear}</Button> })}
                >
                    {data.planned.length + data.webhooks.length === 0 && <Empty title={t.faults.none} />}
                    <ul class="rows">
                        {data.planned.map((one, at) => (
                            <li key={at}>
                                <span class="mono">{fault(one.kind)}</span>
                                <span class="dim">
                                    {one.operation ?? t.faults.anyOperation} · #{one.nth}
                                </span>
                                <Badge tone={one.hit >= one.times ? "plain" : "warn"}>
                                    {t.faults.hit(one.hit, one.times)}
                                </Badge>
                                <span class="dim">{t.faults.seen(one.seen)}</span>
                            </li>
                        ))}
                        {data.webhooks.map((one, at) => (
                            <li key={`w${at}`}>
                                <span class="mono">{fault(one.kind)}</span>
                                <span class="dim">
                                    {t.nav.webhooks} · {one.action ?? t.common.any}
                                </span>
                            </li>
                        ))}
                    </ul>
                </Panel>
            </div>
            <div>
                <Panel title={`${t.faults.fired} (${data.fired_count})`}>
                    {data.fired.length === 0 && <Empty title={t.faults.noneFired} />}
                    <ul class="rows">
                        {data.fired.map((one, at) => (
                            <li key={data.fired_count - at}>
                                <span class="mono">{fault(one.kind)}</span>
                                <span class="dim">{one.operation}</span>
                                <Time ms={one.time_ms} />
                            </li>
                        ))}
                    </ul>
                </Panel>
            </div>
        </div>
    );
}
