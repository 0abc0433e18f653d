import { useEffect, useState } from "preact/hooks";
import { control, merchant } from "../api";
import { reference } from "../format";
import { Choice, Filters, List } from "../list";
import { go, href } from "../route";
import { t } from "../texts";
import type { Card, Fields, Info } from "../types";
import { Ask, type Field, FormButton } from "../form";
import { Button, Empty, Facts, Icon, icons, Money, Panel, Ref, Split, Status, Time, toast, Waiting } from "../ui";
import { NewPurchase } from "./consumptions";
import { Lifecycle } from "./lifecycle";
import { type ScreenProps, statusOptions, useRow, useRows } from "./screen";

/** The address of a physical card that is made here. */
const ADDRESS: Fields = {
    first_name: "Ada",
    last_name: "Byron",
    phone_code: "1",
    phone: "5550100",
    postal_code: "10001",
    country: "US",
    state: "NY",
    city: "New York",
    address_line1: "1 Main St",
    address_line2: "Floor 2",
};

export function Cards({ info, route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const status = route.params.get("status") ?? "";
    const { data, error } = useRows("cards", text, status);
    const list = (
        <>
            <Filters text={text} {...(data && { count: t.common.shown(data.rows.length, data.matching) })}>
                <Choice
                    name="status"
                    label={t.common.status}
                    value={status}
                    options={statusOptions(t.common.all, data?.statuses)}
                />
                <NewCard info={info} />
            </Filters>
            {data ? (
                <List
                    label={t.nav.cards}
                    rows={data.rows}
                    selected={route.id}
                    id={(row) => row.card_no}
                    href={(row) => href("cards", row.card_no, route.params)}
                    empty={<Empty title={text || status ? t.common.noMatch : t.common.empty} />}
                    columns={[
                        {
                            title: t.cards.face,
                            width: "minmax(160px, 1fr)",
                            cell: (row) => <span class="mono">{row.masked_pan}</span>,
                        },
                        { title: t.common.type, width: "90px", isExtra: true, cell: (row) => row.card_type },
                        { title: t.common.status, width: "105px", cell: (row) => <Status of={row.status} /> },
                        {
                            title: t.cards.owner,
                            width: "minmax(175px, 1fr)",
                            isExtra: true,
                            cell: (row) => <Ref page="cardholders" no={row.cardholder_no} />,
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
    return <Split page="cards" id={route.id} list={list} detail={<Detail no={route.id} info={info} />} />;
}

function Detail({ no, info }: { no: string; info: Info }) {
    const card = useRow("cards", "card_no", no);
    if (card === undefined) return <Waiting error={undefined} />;
    if (card === null) return <Empty title={t.common.missing}>{no}</Empty>;
    const name = info.packages.find((one) => one.package_no === card.product_no)?.package_en_name ?? card.product_no;
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2 class="mono">{no}</h2>
                    <Status of={card.status} />
                </div>
                <div class="actions">
                    <Actions card={card} info={info} />
                </div>
            </header>
            <div class="card-and-facts">
                <Face card={card} key={no} />
                <Facts
                    rows={[
                        [t.cards.owner, <Ref page="cardholders" no={card.cardholder_no} />],
                        [t.common.reference, card.card_unique_no],
                        [t.common.type, card.card_type],
                        [t.cards.product, name],
                        [t.cards.pinSet, card.has_pin ? t.common.yes : t.common.no],
                        [t.common.created, <Time ms={card.time_ms} />],
                        ...(card.reason ? [[t.common.reason, card.reason] as [string, string]] : []),
                    ]}
                />
            </div>
            <Panel title={t.cards.lifecycle}>
                <Lifecycle status={card.status} transitions={info.transitions} type={card.card_type} />
            </Panel>
            <Panel
                title={t.cards.purchases}
                {...(card.status === "Activated" && { actions: <NewPurchase card={no} /> })}
            >
                <Purchases no={no} />
            </Panel>
        </>
    );
}

/** The time for which the card number is shown. */
const SHOWN_MS = 30_000;

function Face({ card }: { card: Card }) {
    const [secrets, setSecrets] = useState<{ pan: string; cvv: string }>();
    useEffect(() => {
        if (!secrets) return;
        const timer = setTimeout(() => setSecrets(undefined), SHOWN_MS);
        return () => clearTimeout(timer);
    }, [secrets]);
    const toggle = async () =>
        setSecrets(
            secrets
                ? undefined
                : await control<{ pan: string; cvv: string }>("/cards/secrets_for_tests", { card_no: card.card_no }),
        );
    const groups = (secrets?.pan ?? card.masked_pan).replaceAll("*", "•").match(/.{1,4}/g) ?? [];
    return (
        <div class="face-area">
            <div
                class={`face ${card.organization.toLowerCase()} ${card.status === "Activated" ? "" : "inactive"}`}
                aria-label={t.cards.face}
                role="group"
            >
                <div class="face-top">
                    <span>{card.card_type}</span>
                    <span class="chip" aria-hidden="true" />
                </div>
                <p class="pan mono">
                    {groups.map((group, at) => (
                        <span key={at}>{group}</span>
                    ))}
                </p>
                <div class="face-bottom">
                    <span>
                        <small>{t.cards.expires}</small>
                        <b class="mono">
                            {card.exp_month}/{card.exp_year.slice(2)}
                        </b>
                    </span>
                    <span>
                        <small>CVV</small>
                        <b class="mono">{secrets?.cvv ?? "•••"}</b>
                    </span>
                    <span class="network">{card.organization}</span>
                </div>
                {card.card_name && <p class="holder">{card.card_name}</p>}
            </div>
            <Button onClick={toggle}>
                <Icon path={icons.eye} size={16} /> {secrets ? t.common.hide : t.common.reveal}
            </Button>
            <small class="dim">{t.cards.faceHint}</small>
        </div>
    );
}

function Actions({ card, info }: { card: Card; info: Info }) {
    const { card_no, cardholder_no } = card;
    const may = (to: string, by: string) =>
        info.transitions.some((one) => one.from === card.status && one.to === to && one.by === by);
    const run = async (operation: string, body: Fields) =>
        toast(t.cards.changed, (await merchant(operation, body)).request);
    const status = (to: string) => () => run("cards.update_status", { card_no, status: to });
    return (
        <>
            {card.status === "Pending" && (
                <Button
                    kind="primary"
                    onClick={async () => {
                        await control("/cards/issue", { card_no });
                        toast(t.cards.changed);
                    }}
                >
                    {t.cards.issue}
                </Button>
            )}
            {may("Activated", "activate") && (
                <Button
                    kind="primary"
                    onClick={() => run("cards.activate", { card_no, cardholder_no, card_last_no: card.card_last_no })}
                >
                    {t.cards.activate}
                </Button>
            )}
            {may("Frozen", "update_status") && <Button onClick={status("Frozen")}>{t.cards.freeze}</Button>}
            {may("Activated", "update_status") && (
                <Button kind="primary" onClick={status("Activated")}>
                    {t.cards.unfreeze}
                </Button>
            )}
            {card.card_type === "Physical" && card.status === "Activated" && (
                <FormButton
                    title={t.cards.pin}
                    onSubmit={({ pin = "" }) => run("cards.set_pin", { card_no, cardholder_no, pin })}
                    fields={[{ name: "pin", label: t.cards.pinLabel, type: "password", pattern: "[0-9]{6}" }]}
                />
            )}
            {may("Fail", "platform") && (
                <FormButton
                    title={t.cards.fail}
                    kind="danger"
                    fields={[{ name: "reason", label: t.cards.failReason, value: t.cards.defaultReason, wide: true }]}
                    onSubmit={async ({ reason }) => {
                        await control("/cards/fail", { card_no, reason });
                        toast(t.cards.changed);
                    }}
                />
            )}
            {may("Delete", "update_status") && (
                <Ask title={t.cards.remove} question={t.cards.removeAsk} onYes={status("Delete")} />
            )}
        </>
    );
}

function Purchases({ no }: { no: string }) {
    const { data } = useRows("consumptions", no);
    const rows = data?.rows.filter((row) => row.card_no === no).slice(0, 8) ?? [];
    if (rows.length === 0) return <Empty title={t.common.empty} />;
    return (
        <ul class="rows">
            {rows.map((row) => (
                <li key={row.consume_no}>
                    <a class="mono" href={href("consumptions", row.consume_no)}>
                        {row.consume_no}
                    </a>
                    <span class="dim">{row.type}</span> <Money of={row.amount} /> <Status of={row.status} />
                </li>
            ))}
        </ul>
    );
}

/** Applies for a card as the merchant does. */
export function NewCard({ info, cardholder }: { info: Info; cardholder?: string }) {
    const { data } = useRows("cardholders", "", "Approved");
    const holders = data?.rows ?? [];
    const products =
        info.mode === "credit"
            ? info.packages.map((one): [string, string] => [
                  `${one.package_type} ${one.package_no}`,
                  `${one.package_en_name} (${one.package_type})`,
              ])
            : info.bins.flatMap((bin) =>
                  [bin.support_virtual && "Virtual", bin.support_physical && "Physical"]
                      .filter((type) => typeof type === "string")
                      .map((type): [string, string] => [
                          `${type} ${bin.card_bin_no}`,
                          `${bin.organization} ${bin.card_bin} (${type})`,
                      ]),
              );
    const fields: Field[] = [
        { name: "product", label: t.cards.product, options: products, wide: true },
        { name: "reference", label: t.common.reference, value: reference() },
    ];
    if (cardholder === undefined) {
        fields.unshift({
            name: "cardholder",
            label: t.cards.owner,
            options: holders.map((row) => [row.cardholder_no, `${row.cardholder_no} · ${row.cardholder_unique_no}`]),
            wide: true,
        });
    }
    const apply = async (values: Record<string, string>) => {
        const [type = "", no = ""] = (values.product ?? "").split(" ");
        const { data: made, request } = await merchant("cards.apply", {
            cardholder_no: cardholder ?? values.cardholder ?? "",
            card_unique_no: values.reference ?? "",
            card_type: type,
            ...(info.mode === "credit" ? { package_no: no } : { card_bin_no: no }),
            ...(type === "Physical" && { address_info: ADDRESS }),
        });
        toast(t.cards.issued, request);
        go(href("cards", String(made.card_no)));
    };
    return (
        <FormButton
            title={t.cards.add}
            kind="primary"
            disabled={cardholder === undefined && holders.length === 0}
            onSubmit={apply}
            fields={fields}
        />
    );
}
