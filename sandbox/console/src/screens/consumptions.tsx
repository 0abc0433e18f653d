import { merchant, read } from "../api";
import { Choice, Filters, List } from "../list";
import { useLive } from "../live";
import { go, href } from "../route";
import { t } from "../texts";
import type { Consumption, Fields, Posting } from "../types";
import { type Field, FormButton } from "../form";
import { Empty, Facts, Money, Panel, Ref, Split, Status, Time, toast, toastError, Waiting } from "../ui";
import { Postings } from "./ledger";
import { type ScreenProps, statusOptions, useRow, useRows } from "./screen";

export function Consumptions({ route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const status = route.params.get("status") ?? "";
    const { data, error } = useRows("consumptions", text, status);
    const list = (
        <>
            <Filters text={text} {...(data && { count: t.common.shown(data.rows.length, data.matching) })}>
                <Choice
                    name="status"
                    label={t.common.status}
                    value={status}
                    options={statusOptions(t.common.all, data?.statuses)}
                />
                <NewPurchase />
            </Filters>
            {data ? (
                <List
                    label={t.nav.consumptions}
                    rows={data.rows}
                    selected={route.id}
                    id={(row) => row.consume_no}
                    href={(row) => href("consumptions", row.consume_no, route.params)}
                    empty={
                        <Empty title={text || status ? t.common.noMatch : t.common.empty}>{t.consumptions.steps}</Empty>
                    }
                    columns={[
                        {
                            title: t.common.number,
                            width: "minmax(150px, 1fr)",
                            cell: (row) => <span class="mono">{row.consume_no}</span>,
                        },
                        { title: t.common.type, width: "110px", isExtra: true, cell: (row) => row.type },
                        {
                            title: t.consumptions.merchant,
                            width: "minmax(110px, 1fr)",
                            isExtra: true,
                            cell: (row) => row.merchant_info.merchant_name,
                        },
                        {
                            title: t.common.amount,
                            width: "90px",
                            isNumber: true,
                            cell: (row) => <Money of={row.amount} />,
                        },
                        { title: t.common.status, width: "90px", cell: (row) => <Status of={row.status} /> },
                        {
                            title: t.common.created,
                            width: "165px",
                            isExtra: true,
                            cell: (row) => <Time ms={row.time_ms} />,
                        },
                    ]}
                />
            ) : (
                <Waiting error={error} />
            )}
        </>
    );
    return <Split page="consumptions" id={route.id} list={list} detail={<Detail no={route.id} />} />;
}

function Detail({ no }: { no: string }) {
    const row = useRow("consumptions", "consume_no", no);
    if (row === undefined) return <Waiting error={undefined} />;
    if (row === null) return <Empty title={t.common.missing}>{no}</Empty>;
    const { merchant_name: name, merchant_mcc: mcc, city, country } = row.merchant_info;
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2>
                        <Money of={row.amount} /> <span class="dim">USD</span>
                    </h2>
                    <Status of={row.status} />
                </div>
                <div class="actions">
                    <Actions row={row} />
                </div>
            </header>
            <Facts
                rows={[
                    [t.common.number, <span class="mono">{no}</span>],
                    [t.common.type, row.type],
                    [t.consumptions.card, <Ref page="cards" no={row.card_no} />],
                    [t.cards.owner, <Ref page="cardholders" no={row.cardholder_no} />],
                    [t.consumptions.merchant, [name, mcc, city, country].filter(Boolean).join(" · ") || "–"],
                    [
                        t.consumptions.local,
                        <>
                            <Money of={row.local_amount} /> {row.local_currency}
                        </>,
                    ],
                    [t.consumptions.returned, <Money of={row.returned} />],
                    ...(row.consume_relate_no
                        ? [
                              [t.consumptions.related, <Ref page="consumptions" no={row.consume_relate_no} />] as [
                                  string,
                                  preact.JSX.Element,
                              ],
                          ]
                        : []),
                    ...(row.remark ? [[t.consumptions.remark, row.remark] as [string, string]] : []),
                    [t.common.created, <Time ms={row.time_ms} />],
                    [t.common.updated, <Time ms={row.updated_ms} />],
                ]}
            />
            {row.fees.length > 0 && (
                <Panel title={t.consumptions.fees}>
                    <ul class="rows">
                        {row.fees.map((fee, at) => (
                            <li key={at}>
                                <span>{fee.fee_type}</span>
                                <Money of={fee.amount} />
                            </li>
                        ))}
                    </ul>
                </Panel>
            )}
            <Panel title={t.consumptions.postings}>
                <Movements no={no} />
            </Panel>
        </>
    );
}

function Movements({ no }: { no: string }) {
    const { data } = useLive(["rows"], `postings of ${no}`, () =>
        read<{ postings: Posting[] }>("postings", { text: no }),
    );
    return data?.postings.length ? <Postings of={data.postings} account="" /> : <Empty title={t.common.empty} />;
}

function Actions({ row }: { row: Consumption }) {
    const run =
        (operation: string, name: "consume_no" | "consume_relate_no") => async (values: Record<string, string>) => {
            const body: Fields = { [name]: row.consume_no };
            for (const [field, value] of Object.entries(values)) if (value !== "") body[field] = value;
            const { data, request } = await merchant(`simulation.${operation}`, body);
            toast(t.consumptions.changed, request);
            if (name === "consume_relate_no") go(href("consumptions", String(data.consume_no)));
        };
    const amount = (value: string): Field => ({
        name: "amount",
        label: t.common.amount,
        value,
        type: "number",
        optional: true,
        hint: t.consumptions.amountHint,
    });
    const isPurchase = row.type === "Consumption" || row.type === "Atm";
    if (!isPurchase) return null;
    return (
        <>
            {row.status === "Pending" && (
                <>
                    <FormButton
                        title={t.consumptions.clear}
                        kind="primary"
                        fields={[amount(row.amount)]}
                        onSubmit={run("consumption_clear", "consume_no")}
                    />
                    <FormButton
                        title={t.consumptions.fail}
                        kind="danger"
                        onSubmit={run("consumption_fail", "consume_no")}
                        fields={[
                            {
                                name: "remark",
                                label: t.consumptions.remark,
                                value: "declined by the channel",
                                wide: true,
                            },
                        ]}
                    />
                </>
            )}
            {row.status === "Success" && (
                <FormButton
                    title={t.consumptions.refund}
                    fields={[amount("")]}
                    onSubmit={run("refund", "consume_relate_no")}
                />
            )}
            {row.status !== "Fail" && (
                <FormButton
                    title={t.consumptions.reverse}
                    fields={[amount("")]}
                    onSubmit={run("reversal", "consume_relate_no")}
                />
            )}
        </>
    );
}

/** Authorizes a purchase with a card. */
export function NewPurchase({ card }: { card?: string }) {
    const { data } = useRows("cards", "", "Activated");
    const cards = data?.rows ?? [];
    const fields: Field[] = [
        { name: "amount", label: `${t.common.amount} (USD)`, value: "12.50", type: "number" },
        {
            name: "type",
            label: t.common.type,
            options: [
                ["Consumption", "Consumption"],
                ["Atm", "Atm"],
            ],
        },
        { name: "merchant_name", label: t.consumptions.merchant, value: t.consumptions.defaultMerchant },
        { name: "merchant_mcc", label: t.consumptions.mcc, value: "5411" },
        { name: "city", label: t.consumptions.city, value: "New York", optional: true },
        { name: "country", label: t.consumptions.country, value: "US", optional: true },
    ];
    if (card === undefined) {
        fields.unshift({
            name: "card",
            label: t.consumptions.card,
            wide: true,
            options: cards.map((one) => [one.card_no, `${one.masked_pan} · ${one.card_no}`]),
        });
    }
    const authorize = async (values: Record<string, string>) => {
        const { merchant_name = "", merchant_mcc = "", city = "", country = "" } = values;
        const { data: made, request } = await merchant("simulation.auth", {
            card_no: card ?? values.card ?? "",
            amount: values.amount ?? "",
            type: values.type ?? "",
            merchant_info: { merchant_name, merchant_mcc, city, country },
        });
        const no = String(made.consume_no);
        const row = (await read<{ rows: Consumption[] }>("rows", { kind: "consumptions", text: no })).rows.find(
            (one) => one.consume_no === no,
        );
        if (row?.status === "Fail") toastError(new Error(`${t.consumptions.declined}: ${row.remark}`));
        else toast(t.consumptions.authorized, request);
        go(href("consumptions", no));
    };
    const isDisabled = card === undefined && cards.length === 0;
    return (
        <>
            <FormButton
                title={t.consumptions.add}
                submit={t.consumptions.authorize}
                kind="primary"
                fields={fields}
                disabled={isDisabled}
                onSubmit={authorize}
            />
            {isDisabled && data && <small class="dim">{t.consumptions.noCards}</small>}
        </>
    );
}
