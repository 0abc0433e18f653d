import { read } from "../api";
import { Choice, Filters, List } from "../list";
import { useLive } from "../live";
import { href } from "../route";
import { t } from "../texts";
import type { Account, Posting } from "../types";
import { Badge, Empty, Facts, Money, Panel, Split, Time, Waiting } from "../ui";
import type { ScreenProps } from "./screen";

interface Accounts {
    accounts: Account[];
    total: string;
    postings: number;
}

/** The kind of an account, and the number of its cardholder or consumption. */
function split(account: string): [keyof typeof t.ledger.names, string] {
    const [kind = "", no = ""] = account.split(":");
    return [kind as keyof typeof t.ledger.names, no];
}

export function AccountName({ of, isShort = false }: { of: string; isShort?: boolean }) {
    const [kind, no] = split(of);
    return (
        <>
            {t.ledger.names[kind] ?? kind}
            {no && (
                <>
                    {" "}
                    <Num of={no} isShort={isShort} />
                </>
            )}
        </>
    );
}

/** A number, or its last digits where there is little room. */
function Num({ of, isShort }: { of: string; isShort: boolean }) {
    return (
        <span class="mono" title={of}>
            {isShort ? `…${of.slice(-6)}` : of}
        </span>
    );
}

export function Ledger({ route }: ScreenProps) {
    const text = route.params.get("q") ?? "";
    const { data, error } = useLive(["rows"], "ledger", () => read<Accounts>("ledger"));
    if (!data) return <Waiting error={error} />;
    const isAll = route.params.get("show") === "all";
    const matching = data.accounts.filter(
        (one) => one.account.includes(text) && (isAll || text !== "" || Number(one.balance) !== 0),
    );
    const list = (
        <>
            <Filters text={text} count={t.common.shown(matching.length, data.accounts.length)}>
                <Choice
                    name="show"
                    label={t.ledger.accounts}
                    value={isAll ? "all" : ""}
                    options={[
                        ["", t.ledger.withBalance],
                        ["all", t.common.all],
                    ]}
                />
                <span class="sum" title={t.ledger.totalHint}>
                    {t.ledger.total}{" "}
                    <Badge tone={Number(data.total) === 0 ? "good" : "bad"}>
                        <Money of={data.total} />
                    </Badge>
                </span>
            </Filters>
            <List
                label={t.ledger.accounts}
                rows={matching}
                selected={route.id}
                id={(row) => row.account}
                href={(row) => href("ledger", row.account, route.params)}
                empty={<Empty title={t.common.noMatch} />}
                columns={[
                    {
                        title: t.ledger.account,
                        width: "minmax(190px, 2fr)",
                        cell: (row) => <AccountName of={row.account} />,
                    },
                    {
                        title: t.ledger.debit,
                        width: "minmax(110px, 1fr)",
                        isExtra: true,
                        isNumber: true,
                        cell: (row) => <Money of={row.debits} />,
                    },
                    {
                        title: t.ledger.credit,
                        width: "minmax(110px, 1fr)",
                        isExtra: true,
                        isNumber: true,
                        cell: (row) => <Money of={row.credits} />,
                    },
                    {
                        title: t.common.balance,
                        width: "minmax(120px, 1fr)",
                        isNumber: true,
                        cell: (row) => <Money of={row.balance} />,
                    },
                    {
                        title: t.common.count,
                        width: "70px",
                        isExtra: true,
                        isNumber: true,
                        cell: (row) => row.postings,
                    },
                ]}
            />
        </>
    );
    return (
        <Split
            page="ledger"
            id={route.id}
            list={list}
            detail={<Detail account={route.id} accounts={data.accounts} />}
        />
    );
}

function Detail({ account, accounts }: { account: string; accounts: Account[] }) {
    const { data, error } = useLive(["rows"], `postings ${account}`, () =>
        read<{ matching: number; postings: Posting[] }>("postings", { account }),
    );
    const own = accounts.find((one) => one.account === account);
    if (!own) return <Empty title={t.common.missing}>{account}</Empty>;
    const [kind, no] = split(account);
    const page = { cardholder: "cardholders", hold: "consumptions" }[kind as string];
    return (
        <>
            <header class="detail-head">
                <div>
                    <h2>
                        <AccountName of={account} />
                    </h2>
                </div>
            </header>
            <Facts
                rows={[
                    [t.common.balance, <Money of={own.balance} />],
                    [t.ledger.debit, <Money of={own.debits} />],
                    [t.ledger.credit, <Money of={own.credits} />],
                    ...(page
                        ? [
                              [
                                  t.common.number,
                                  <a class="mono" href={href(page, no)}>
                                      {no}
                                  </a>,
                              ] as [string, preact.JSX.Element],
                          ]
                        : []),
                ]}
            />
            <Panel title={t.ledger.postings(own.postings)}>
                {data ? <Postings of={data.postings.slice(0, 200)} account={account} /> : <Waiting error={error} />}
            </Panel>
        </>
    );
}

/** The words of a memo that name a transfer; all others name a consumption. */
function Memo({ text }: { text: string }) {
    const [, words, no] = /^(.*?) ?(\d{6,})$/.exec(text) ?? [];
    if (!no) return <>{text}</>;
    const page = words === "transfer" ? "transfers" : words === "opening fee" ? undefined : "consumptions";
    return (
        <>
            {words}{" "}
            {page ? (
                <a href={href(page, no)}>
                    <Num of={no} isShort />
                </a>
            ) : (
                <Num of={no} isShort />
            )}
        </>
    );
}

/** Postings as a table: of one account with debit, credit and balance; of all with both accounts. */
export function Postings({ of, account }: { of: Posting[]; account: string }) {
    const link = (other: string) => (
        <a href={href("ledger", other)}>
            <AccountName of={other} isShort />
        </a>
    );
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.consumptions.postings}>
            <table>
                <thead>
                    <tr>
                        <th>{t.ledger.memo}</th>
                        {account === "" ? (
                            <>
                                <th>{t.ledger.from}</th>
                                <th>{t.ledger.to}</th>
                                <th class="right">{t.common.amount}</th>
                            </>
                        ) : (
                            <>
                                <th>{t.ledger.other}</th>
                                <th class="right">{t.ledger.debit}</th>
                                <th class="right">{t.ledger.credit}</th>
                                <th class="right">{t.common.balance}</th>
                            </>
                        )}
                    </tr>
                </thead>
                <tbody>
                    {of.map((one) => (
                        <tr key={one.id}>
                            <td class="memo">
                                <Memo text={one.memo} />
                                <br />
                                <small>
                                    <Time ms={one.time_ms} />
                                </small>
                            </td>
                            {account === "" ? (
                                <>
                                    <td>{link(one.from)}</td>
                                    <td>{link(one.to)}</td>
                                    <td class="right">
                                        <Money of={one.amount} />
                                    </td>
                                </>
                            ) : (
                                <>
                                    <td>{link(one.from === account ? one.to : one.from)}</td>
                                    <td class="right">{one.from === account && <Money of={one.amount} />}</td>
                                    <td class="right">{one.to === account && <Money of={one.amount} />}</td>
                                    <td class="right">
                                        <Money of={one.balance ?? ""} />
                                    </td>
                                </>
                            )}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
