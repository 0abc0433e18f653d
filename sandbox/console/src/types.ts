/** The shapes of the sandbox's data. Amounts are decimal texts, times are Unix milliseconds. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Fields = { [name: string]: Json };

export interface Operation {
    operation: string;
    method: string;
    path: string;
    allowed: boolean;
}
export interface Transition {
    from: string;
    to: string;
    by: "platform" | "activate" | "update_status";
}
export interface Package {
    package_no: string;
    package_en_name: string;
    package_cn_name: string;
    package_type: string;
    organization: string;
}
export interface Bin {
    card_bin_no: string;
    card_bin: string;
    organization: string;
    support_physical: boolean;
    support_virtual: boolean;
}
export interface Info {
    version: string;
    mode: "credit" | "authorization";
    base_url: string;
    control_url: string;
    api_key: string;
    packages: Package[];
    bins: Bin[];
    operations: Operation[];
    transitions: Transition[];
}
export interface OperationFigures {
    operation: string;
    count: number;
    succeeded: number;
    refused: number;
    faulty: number;
    p50_us: number | null;
    p95_us: number | null;
}
export interface OverviewData {
    balances: Record<"reserve" | "cardholders" | "holds" | "spent" | "fees", string>;
    counts: Record<"cardholders" | "cards" | "consumptions" | "transfers" | "requests", number>;
    webhooks: { url: string | null; waiting: number; attempts: number; failed: number };
    faults: { planned: number; fired: number };
    operations: OperationFigures[];
}
export type SeriesName = "reserve" | "cardholders" | "holds" | "spent" | "fees";
export type Series = { times: number[] } & Record<SeriesName, string[]>;

export interface Cardholder {
    cardholder_no: string;
    cardholder_unique_no: string;
    email: string;
    status: string;
    fail_reason: string;
    time_ms: number;
    balance: string;
}
export interface Card {
    card_no: string;
    card_unique_no: string;
    cardholder_no: string;
    product_no: string;
    card_type: string;
    status: string;
    reason: string;
    organization: string;
    masked_pan: string;
    card_last_no: string;
    card_name: string;
    exp_year: string;
    exp_month: string;
    has_pin: boolean;
    time_ms: number;
}
export interface Consumption {
    consume_no: string;
    consume_relate_no: string;
    card_no: string;
    cardholder_no: string;
    type: string;
    amount: string;
    local_amount: string;
    local_currency: string;
    fees: { fee_type: string; amount: string }[];
    merchant_info: { merchant_name: string; merchant_mcc: string; city: string; country: string };
    status: string;
    remark: string;
    returned: string;
    time_ms: number;
    updated_ms: number;
}
export interface Transfer {
    transfer_no: string;
    transfer_unique_no: string;
    cardholder_no: string;
    type: string;
    amount: string;
    before_balance: string;
    after_balance: string;
    status: string;
    time_ms: number;
}
export interface RowTypes {
    cardholders: Cardholder;
    cards: Card;
    consumptions: Consumption;
    transfers: Transfer;
}
export type Kind = keyof RowTypes;
export interface Rows<K extends Kind> {
    total: number;
    matching: number;
    statuses: Record<string, number>;
    rows: RowTypes[K][];
}
export interface Account {
    account: string;
    balance: string;
    debits: string;
    credits: string;
    postings: number;
}
export interface Posting {
    id: number;
    time_ms: number;
    memo: string;
    from: string;
    to: string;
    amount: string;
    balance: string | null;
}
/** id, time, operation, method, path, code, HTTP status, microseconds, fault, committed */
export type RequestEntry = [
    number,
    number,
    string,
    string,
    string,
    number | null,
    number | null,
    number | null,
    FaultKind | null,
    boolean,
];
export type FaultKind = string | { [name: string]: Json };
export type Pairs = [string, string][];
export interface RequestDetail {
    id: number;
    took_us: number | null;
    http_status: number | null;
    record: {
        operation: string;
        method: string;
        path: string;
        connection: number;
        body: string;
        time_ms: number;
        code: number | null;
        fault: FaultKind | null;
        committed: boolean;
    };
    exchange: {
        path: string;
        headers: Pairs;
        response: { headers: Pairs; body: string; length: number; connection: "kept" | "closed" | "reset" } | null;
    } | null;
}
export interface Attempt {
    id: string;
    action: string;
    attempt: number;
    time_ms: number;
    timestamp_ms: number;
    signature: string;
    http_status: number | null;
    code: number | null;
    error: string | null;
    fault: FaultKind | null;
    body: string;
}
export interface SignedAttempt extends Attempt {
    signed_text: string;
    sign_style: string;
    app_id: string;
}
export interface Waiting {
    id: string;
    action: string;
    attempt: number;
    due_ms: number;
    fault: FaultKind | null;
    body: string;
}
export interface WebhookSettings {
    url: string | null;
    app_id: string;
    sign_style: string;
    nulls: string;
    waiting: number;
}
export interface WebhooksData {
    settings: WebhookSettings;
    waiting: Waiting[];
    attempts: Attempt[];
    recorded: number;
}
export interface FaultsData {
    planned: { operation: string | null; nth: number; times: number; kind: FaultKind; seen: number; hit: number }[];
    webhooks: { action: string | null; kind: FaultKind }[];
    fired: { operation: string; kind: FaultKind; time_ms: number }[];
    fired_count: number;
}
export interface SnapshotRow {
    snapshot: number;
    taken_ms: number;
    virtual_ms: number;
    cardholders: number;
    cards: number;
    consumptions: number;
    transfers: number;
    reserve: string;
}
export interface KindDifference {
    added_count: number;
    removed_count: number;
    changed_count: number;
    added: string[];
    removed: string[];
    changed: { number: string; fields: { field: string; before: Json; after: Json }[] }[];
}
export interface Comparison {
    rows: Record<Kind, KindDifference>;
    balances: { account: string; before: string; after: string; difference: string }[];
    balance_count: number;
    clock_ms: number;
}
export interface Versions {
    rows: number;
    requests: number;
    webhooks: number;
    faults: number;
    snapshots: number;
    now_ms: number;
    frozen: boolean;
}
