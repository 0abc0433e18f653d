import { control, merchant } from "../api";
import { reference } from "../format";
import { Choice, Filters, List } from "../list";
import { go, href } from "../route";
import { t } from "../texts";
import type { Cardholder } from "../types";
import { FormButton } from "../form";
import { Button, Empty, Facts, Money, Panel, Split, Status, Time, toast, Waiting } from "../ui";
import { NewCard } from "./cards";
import { type ScreenProps, statusOptions, useRow, useRows } from "./screen";
import { NewTransfer } from "./transfers";

export function Cardholders({ info, route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const status = route.params.get("status") ?? "";
    const { data, error } = useRows("cardholders", text, status);
    const apply = async (values: Record<string, string>) => {
        const { data: made, request } = await merchant("cardholders.apply", {
            cardholder_unique_no: values.reference ?? "",
            sumsub_share_token: `${values.verification}-${reference()}`,
        });
        toast(t.cardholders.created, request);
        go(href("cardholders", String(made.cardholder_no)));
    };
    const list = (
        <>
            <Filters text={text} {...(data && { count: t.common.shown(data.rows.length, data.matching) })}>
                <Choice
                    name="status"
                    label={t.common.status}
                    value={status}
                    options={statusOptions(t.common.all, data?.statuses)}
                />
                <FormButton
                    title={t.cardholders.add}
                    kind="primary"
                    onSubmit={apply}
                    fields={[
                        { name: "reference", label: t.common.reference, value: reference() },
                        {
                            name: "verification",
                            label: t.cardholders.verification,
                            options: [
                                ["auto-approve", t.cardholders.approved],
                                ["documents", t.cardholders.pending],
                                ["auto-reject", t.cardholders.rejected],
                            ],
                        },
                    ]}
                />
            </Filters>
            {data ? (
                <List
                    label={t.nav.cardholders}
                    rows={data.rows}
                    selected={route.id}
                    id={(row) => row.cardholder_no}
                    href={(row) => href("cardholders", row.cardholder_no, route.params)}
                    empty={<Empty title={text || status ? t.common.noMatch : t.common.empty} />}
                    columns={[
                        {
                            title: t.common.number,
                            width: "minmax(150px, 1.2fr)",
                            cell: (row) => <span class="mono">{row.cardholder_no}</span>,
                        },
                        {
                            title: t.common.reference,
                            width: "minmax(120px, 1fr)",
                            isExtra: true,
                            cell: (row) => row.cardholder_unique_no,
                        },
                        { title: t.common.status, width: "100px", cell: (row) => <Status of={row.status} /> },
                        {
                            title: t.common.balance,
                            width: "94px",
                            isNumber: true,
                            cell: (row) => <Money of={row.balance} />,
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
    return <Split page="cardholders" id={route.id} list={list} detail={<Detail no={route.id} info={info} />} />;
}

function Detail({ no, info }: { no: string; info: ScreenProps["info"] }) {
    const row = useRow("cardholders", "cardholder_no", no);
    if (row === undefined) return <Waiting error={undefined} />;
    if (row === null) return <Empty title={t.common.missing}>{no}</Empty>;
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2 class="mono">{no}</h2>
                    <Status of={row.status} />
                </div>
                <div class="actions">
                    <Decisions row={row} />
                </div>
            </header>
            <Facts
                rows={[
                    [t.common.reference, row.cardholder_unique_no],
                    [t.cardholders.email, row.email],
                    [
                        t.common.balance,
                        <a href={href("ledger", `cardholder:${no}`)}>
                            <Money of={row.balance} />
                        </a>,
                    ],
                    [t.common.created, <Time ms={row.time_ms} />],
                    ...(row.fail_reason ? [[t.common.reason, row.fail_reason] as [string, string]] : []),
                ]}
            />
            <Panel title={t.cardholders.its} actions={<NewCard info={info} cardholder={no} />}>
                <Cards no={no} />
            </Panel>
            {info.mode === "credit" && (
                <Panel title={t.nav.transfers} actions={<NewTransfer cardholder={no} />}>
                    <a href={href("transfers", "", { q: no })}>
                        {t.common.show}: {t.nav.transfers}
                    </a>
                </Panel>
            )}
        </>
    );
}

function Decisions({ row }: { row: Cardholder }) {
    const decide =
        (path: string) =>
        async (values: Record<string, string> = {}) => {
            await control(`/cardholders/${path}`, { cardholder_no: row.cardholder_no, ...values });
            toast(t.cardholders.decided);
        };
    const isOpen = row.status === "Pending" || row.status === "In_progress";
    return (
        <>
            {row.status !== "Approved" && (
                <Button kind="primary" onClick={() => decide("approve")()}>
                    {t.cardholders.approve}
                </Button>
            )}
            {row.status === "Pending" && <Button onClick={() => decide("review")()}>{t.cardholders.review}</Button>}
            {isOpen && (
                <FormButton
                    title={t.cardholders.reject}
                    kind="danger"
                    onSubmit={decide("reject")}
                    fields={[
                        {
                            name: "reason",
                            label: t.cardholders.rejectReason,
                            value: t.cardholders.defaultReason,
                            wide: true,
                        },
                    ]}
                />
            )}
        </>
    );
}

function Cards({ no }: { no: string }) {
    const { data } = useRows("cards", no);
    const cards = data?.rows.filter((card) => card.cardholder_no === no) ?? [];
    if (cards.length === 0) return <Empty title={t.common.empty} />;
    return (
        <ul class="rows">
            {cards.map((card) => (
                <li key={card.card_no}>
                    <a class="mono" href={href("cards", card.card_no)}>
                        {card.masked_pan}
                    </a>{" "}
                    <span class="dim">{card.card_type}</span> <Status of={card.status} />
                </li>
            ))}
        </ul>
    );
}
