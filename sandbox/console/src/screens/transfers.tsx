import { merchant } from "../api";
import { reference } from "../format";
import { Filters, List } from "../list";
import { go, href } from "../route";
import { t } from "../texts";
import { type Field, FormButton } from "../form";
import { Empty, Facts, Money, Ref, Split, Status, Time, toast, Waiting } from "../ui";
import { type ScreenProps, useRow, useRows } from "./screen";

export function Transfers({ info, route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const { data, error } = useRows("transfers", text);
    if (info.mode !== "credit")
        return (
            <div class="page">
                <Empty title={t.transfers.credit} />
            </div>
        );
    const list = (
        <>
            <Filters text={text} {...(data && { count: t.common.shown(data.rows.length, data.matching) })}>
                <NewTransfer />
            </Filters>
            {data ? (
                <List
                    label={t.nav.transfers}
                    rows={data.rows}
                    selected={route.id}
                    id={(row) => row.transfer_no}
                    href={(row) => href("transfers", row.transfer_no, route.params)}
                    empty={<Empty title={text ? t.common.noMatch : t.common.empty} />}
                    columns={[
                        {
                            title: t.common.number,
                            width: "minmax(150px, 1fr)",
                            cell: (row) => <span class="mono">{row.transfer_no}</span>,
                        },
                        {
                            title: t.common.reference,
                            width: "minmax(120px, 1fr)",
                            isExtra: true,
                            cell: (row) => row.transfer_unique_no,
                        },
                        { title: t.transfers.direction, width: "70px", isExtra: true, cell: (row) => row.type },
                        {
                            title: t.common.amount,
                            width: "100px",
                            isNumber: true,
                            cell: (row) => <Money of={row.type === "Out" ? `-${row.amount}` : row.amount} sign />,
                        },
                        {
                            title: t.transfers.after,
                            width: "110px",
                            isExtra: true,
                            isNumber: true,
                            cell: (row) => <Money of={row.after_balance} />,
                        },
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
    return <Split page="transfers" id={route.id} list={list} detail={<Detail no={route.id} />} />;
}

function Detail({ no }: { no: string }) {
    const row = useRow("transfers", "transfer_no", no);
    if (row === undefined) return <Waiting error={undefined} />;
    if (row === null) return <Empty title={t.common.missing}>{no}</Empty>;
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2>
                        <Money of={row.type === "Out" ? `-${row.amount}` : row.amount} sign />{" "}
                        <span class="dim">USD</span>
                    </h2>
                    <Status of={row.status} />
                </div>
                <div class="actions">
                    <NewTransfer cardholder={row.cardholder_no} again={row.transfer_unique_no} />
                </div>
            </header>
            <Facts
                rows={[
                    [t.common.number, <span class="mono">{no}</span>],
                    [t.common.reference, row.transfer_unique_no],
                    [t.transfers.direction, row.type],
                    [t.cards.owner, <Ref page="cardholders" no={row.cardholder_no} />],
                    [t.transfers.before, <Money of={row.before_balance} />],
                    [t.transfers.after, <Money of={row.after_balance} />],
                    [t.common.created, <Time ms={row.time_ms} />],
                ]}
            />
            <a href={href("ledger", `cardholder:${row.cardholder_no}`)}>{t.cardholders.account}</a>
        </>
    );
}

/** Transfers money, or sends an earlier reference again. */
export function NewTransfer({ cardholder, again }: { cardholder?: string; again?: string }) {
    const { data } = useRows("cardholders");
    const holders = data?.rows ?? [];
    const fields: Field[] = [
        { name: "amount", label: `${t.common.amount} (USD)`, value: "100.00", type: "number" },
        {
            name: "type",
            label: t.transfers.direction,
            options: [
                ["In", t.transfers.in],
                ["Out", t.transfers.out],
            ],
        },
        { name: "reference", label: t.common.reference, value: again ?? reference() },
    ];
    if (cardholder === undefined) {
        fields.unshift({
            name: "cardholder",
            label: t.cards.owner,
            wide: true,
            options: holders.map((row) => [row.cardholder_no, `${row.cardholder_no} · ${row.cardholder_unique_no}`]),
        });
    }
    const send = async (values: Record<string, string>) => {
        const { data: made, request } = await merchant("accounts.transfer", {
            cardholder_no: cardholder ?? values.cardholder ?? "",
            transfer_unique_no: values.reference ?? "",
            type: values.type ?? "",
            balance: values.amount ?? "",
        });
        toast(t.transfers.done, request);
        go(href("transfers", String(made.transfer_no)));
    };
    const isDisabled = cardholder === undefined && holders.length === 0;
    return (
        <>
            <FormButton
                title={again === undefined ? t.transfers.add : t.transfers.again}
                {...(again === undefined && { kind: "primary" as const })}
                fields={fields}
                disabled={isDisabled}
                onSubmit={send}
            />
            {isDisabled && data && <small class="dim">{t.transfers.noCardholders}</small>}
        </>
    );
}
