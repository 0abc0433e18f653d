/** The same call for a shell and for the SDK in four languages. */

import { clock } from "./live";
import type { RequestDetail } from "./types";

type Value = string | number | boolean | null | Value[] | { [name: string]: Value };
export type SdkLanguage = "curl" | "rust" | "python" | "kotlin" | "swift";

const MASKED = "***";
const DAY = /^\d{4}-\d{2}-\d{2}(?!\d)/;
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const upper = (name: string) => name.replace(/^./, (letter) => letter.toUpperCase());
const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** A string literal. The text comes from a caller and must not end the literal. */
const quoted = (text: string, language: SdkLanguage) => {
    const literal = JSON.stringify(text);
    if (language === "python") return literal;
    // Kotlin knows no \f, Rust and Swift neither \b nor \f, and they write code points in braces.
    const escaped = literal.replace(/\\(?:u(....)|(.))/g, (escape, hex?: string, letter?: string) => {
        const code = hex ?? { b: "0008", f: "000c" }[letter ?? ""];
        if (!code) return escape;
        return language === "kotlin" ? `\\u${code}` : `\\u{${code}}`;
    });
    // In Kotlin a dollar sign would start a template.
    return language === "kotlin" ? escaped.replaceAll("$", "\\$") : escaped;
};
/** Whether a text of a caller may stand in code outside of a literal. The tables below have no entry for it by accident. */
const isName = (text: string) => /^[A-Za-z]\w*$/.test(text) && !(text in Object.prototype);

/** Fields whose values are enums of the SDK. */
const ENUMS: Record<string, string> = { card_type: "CardType", status: "CardStatus" };
const enumOf = (operation: string, field: string) => {
    if (field !== "type") return ENUMS[field];
    if (operation.startsWith("simulation")) return "ConsumptionType";
    return operation === "cards.packages" ? "CardType" : "TransferType";
};
const AMOUNTS = new Set(["balance", "amount", "local_amount"]);
/** The SDK's name of a field, where it is not the platform's. */
const NAMES: Record<string, string> = { balance: "amount" };
/** Calls that have a window and pages. */
const LISTS: Record<string, string> = {
    "cardholders.list": "ListCardholders",
    "cards.list": "ListCards",
    "consumptions.list": "ListConsumptions",
    "accounts.transfers": "ListTransfers",
};
const REQUESTS: Record<string, string> = {
    "cardholders.apply": "ApplyCardholder",
    "cards.apply": "ApplyCard",
    "cards.activate": "ActivateCard",
    "cards.set_pin": "SetPin",
    "accounts.transfer": "Transfer",
    "pci.card_detail": "CardDetail",
    "cards.packages": "ListPackages",
    "cards.bins": "ListBins",
};
const PLACEHOLDERS: Record<string, string> = {
    cvv: "cvv",
    pin: "pin",
    sumsub_share_token: "share_token",
    client_access_token: "client_token",
};

interface Parsed {
    operation: string;
    resource: string;
    method: string;
    /** The variable part of the path. */
    no: string | undefined;
    fields: [string, Value][];
    window: [string, string] | undefined;
}

function parsed(detail: RequestDetail): Parsed | undefined {
    const { operation, path: template, body } = detail.record;
    const [resource, method] = operation.split(".");
    if (!resource || !method) return operation === "token" ? base(operation, "", "access_token") : undefined;
    const [before = "", after] = template.split("{}");
    const path = detail.exchange?.path ?? template;
    const no = after === undefined ? undefined : path.slice(before.length, path.length - after.length);
    const result = { ...base(operation, resource, method), no };
    try {
        const value = body === "" ? {} : (JSON.parse(body) as Value);
        if (typeof value !== "object" || value === null || Array.isArray(value)) return result;
        const { start_time: start, end_time: end, page: _page, size: _size, ...rest } = value;
        if (typeof start === "string" && typeof end === "string" && [start, end].every((time) => DAY.test(time)))
            result.window = [start.slice(0, 10), end.slice(0, 10)];
        result.fields = shownFields(rest);
    } catch {
        // The call is shown without arguments.
    }
    return result;
}

/** The fields that are code: the others have no value, or a name that the SDK cannot have. */
function shownFields(fields: { [name: string]: Value }): [string, Value][] {
    return Object.entries(fields).filter(([name, field]) => field !== null && field !== "" && isName(name));
}

function base(operation: string, resource: string, method: string): Parsed {
    return { operation, resource, method, no: undefined, fields: [], window: undefined };
}

/** The call as code; `undefined` where the SDK has no such call. */
export function code(
    detail: RequestDetail,
    language: SdkLanguage,
    address: { base_url: string; control_url: string },
): string | undefined {
    if (language === "curl") return curl(detail, address.base_url, address.control_url);
    const call = parsed(detail);
    return call && { rust, python, kotlin, swift }[language](call);
}

function curl(detail: RequestDetail, base: string, control: string): string {
    // The clock of the sandbox may be far from that of the machine.
    const now = clock()?.now ?? Date.now();
    const timestamp =
        Math.abs(now - Date.now()) < 30_000 ? "$(date +%s%3N)" : `$(curl -s ${control}/clock | tr -dc 0-9)`;
    const { method, body } = detail.record;
    const path = detail.exchange?.path ?? detail.record.path;
    const lines = [
        `curl ${method === "GET" ? "" : `-X ${/^[A-Z]+$/.test(method) ? method : shell(method)} `}${shell(base + path)}`,
    ];
    const sent = new Map((detail.exchange?.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]));
    const isOpen = detail.record.operation.startsWith("simulation");
    if (!isOpen) {
        lines.push('-H "Api-Key: $KEYSECURE_API_KEY"', `-H "Timestamp: ${timestamp}"`);
        if (detail.record.operation !== "token") lines.push('-H "Access-Token: $ACCESS_TOKEN"');
    }
    lines.push("-H 'Content-Type: application/json'");
    for (const name of ["timezone", "language"]) {
        const value = sent.get(name);
        if (value) lines.push(`-H ${shell(`${upper(name)}: ${value}`)}`);
    }
    if (method !== "GET" && body !== "") lines.push(`-d ${shell(body)}`);
    return lines.join(" \\\n  ");
}

function literal(value: Value, language: SdkLanguage, field: string, operation: string): string {
    if (value === MASKED && field in PLACEHOLDERS) {
        const name = PLACEHOLDERS[field] ?? field;
        return language === "kotlin" || language === "swift" ? camel(name) : name;
    }
    const kind = enumOf(operation, field);
    if (typeof value === "string" && kind && isName(value)) {
        if (language === "rust") return `${kind}::${value.replaceAll("_", "")}`;
        if (language === "kotlin") return `${kind}.${value.replaceAll("_", "")}`;
        if (language === "swift")
            return `.${value.replace(/^./, (letter) => letter.toLowerCase()).replaceAll("_", "")}`;
        return quoted(value, language);
    }
    if (AMOUNTS.has(field)) {
        const text = quoted(String(value), language);
        if (language === "rust") return `${text}.parse()?`;
        if (language === "kotlin") return `BigDecimal(${text})`;
        if (language === "swift") return `Decimal(string: ${text})!`;
        return text;
    }
    if (typeof value === "string") return quoted(value, language) + (language === "rust" ? ".into()" : "");
    if (value !== null && typeof value === "object" && !Array.isArray(value))
        return object(value, language, field, operation);
    return Array.isArray(value) ? quoted(JSON.stringify(value), language) : JSON.stringify(value);
}

function object(value: { [name: string]: Value }, language: SdkLanguage, field: string, operation: string): string {
    const type = field === "address_info" ? "Address" : "MerchantInfo";
    const parts = shownFields(value);
    const text = (name: string, part: Value) => literal(part, language, name, operation);
    switch (language) {
        case "rust":
            return `${type} { ${parts.map(([name, part]) => `${name}: ${wrapped(name, text(name, part), type)}`).join(", ")}, ..Default::default() }`;
        case "python":
            return `{${parts.map(([name, part]) => `${JSON.stringify(name)}: ${text(name, part)}`).join(", ")}}`;
        case "kotlin":
            return `${type}(${parts.map(([name, part]) => `${camel(name)} = ${text(name, part)}`).join(", ")})`;
        default:
            return `${type}(${parts.map(([name, part]) => `${camel(name)}: ${text(name, part)}`).join(", ")})`;
    }
}

const REQUIRED = new Set([
    "cardholder_unique_no",
    "sumsub_share_token",
    "cardholder_no",
    "card_unique_no",
    "card_type",
    "transfer_unique_no",
    "balance",
    "cvv",
    "pin",
    "card_no",
    "card_last_no",
    "postal_code",
    "country",
    "state",
    "city",
    "address_line1",
]);
/** A field of a Rust request: optional ones are wrapped. */
function wrapped(name: string, text: string, type: string): string {
    const isOptional =
        type === "SimulationRequest" || type === "MerchantInfo" || type.startsWith("List") || !REQUIRED.has(name);
    const isUpdate = type === "ApplyCardholder" && name === "cardholder_no";
    const isDirection = type === "Transfer" && name === "type";
    return (isOptional || isUpdate) && !isDirection ? `Some(${text})` : text;
}

function rust({ operation, resource, method, no, fields, window }: Parsed): string {
    const call = `client.${resource && `${resource}().`}${method}`;
    if (no !== undefined) return `${call}(${quoted(no, "rust")})?`;
    if (operation === "cards.update_status") {
        const by = Object.fromEntries(fields);
        const status = literal(by.status ?? "", "rust", "status", operation);
        return `${call}(${quoted(String(by.card_no ?? ""), "rust")}, ${status})?`;
    }
    const type =
        LISTS[operation] ?? REQUESTS[operation] ?? (resource === "simulation" ? "SimulationRequest" : undefined);
    if (!type) return `${call}()?`;
    const parts = fields.map(([name, value]) => {
        const rustName = name === "type" ? "r#type" : (NAMES[name] ?? name);
        return `    ${rustName}: ${wrapped(name, literal(value, "rust", name, operation), type)},`;
    });
    const isWhole = ["ActivateCard", "SetPin", "Transfer"].includes(type);
    const rest = window
        ? `    ..${type}::between(${window.map((day) => `Date::new(${day.split("-").map(Number).join(", ")})?`).join(", ")})`
        : isWhole
          ? undefined
          : "    ..Default::default()";
    const end = type === "ListPackages" || type === "ListBins" ? "" : "?";
    return `${call}(&${type} {\n${[...parts, ...(rest ? [rest] : [])].join("\n")}\n})${end}`;
}

function python({ operation, resource, method, no, fields, window }: Parsed): string {
    const call = `client.${resource && `${resource}.`}${method}`;
    if (no !== undefined) return `${call}(${quoted(no, "python")})`;
    const parts = fields.map(([name, value]) => `${NAMES[name] ?? name}=${literal(value, "python", name, operation)}`);
    if (window) parts.unshift(`start=date.fromisoformat("${window[0]}")`, `end=date.fromisoformat("${window[1]}")`);
    return arguments_(call, parts);
}

function kotlin({ operation, resource, method, no, fields, window }: Parsed): string {
    const call = `client.${resource && `${resource}().`}${camel(method)}`;
    if (no !== undefined) return `${call}(${quoted(no, "kotlin")})`;
    const parts = fields.map(
        ([name, value]) => `${camel(NAMES[name] ?? name)} = ${literal(value, "kotlin", name, operation)}`,
    );
    if (resource === "simulation") return `${call}(\n    ${arguments_("SimulationRequest", parts)},\n)`;
    if (operation === "pci.card_detail") return `${call}(${arguments_("CardDetail", parts)})`;
    if (window) parts.unshift(...window.map((day) => `LocalDate.parse("${day}")`));
    return arguments_(call, parts);
}

function swift({ operation, resource, method, no, fields, window }: Parsed): string {
    const name = operation === "cards.set_pin" ? "setPIN" : camel(method);
    const isPaged = window !== undefined || operation === "cards.packages" || operation === "cards.bins";
    const call = `try ${isPaged ? "" : "await "}client.${resource && `${resource}.`}${name}`;
    if (no !== undefined) return `${call}(${quoted(no, "swift")})`;
    const parts = fields.map(
        ([field, value]) => `${camel(NAMES[field] ?? field)}: ${literal(value, "swift", field, operation)}`,
    );
    if (window) parts.unshift("in: .last(days: 30)");
    return arguments_(call, parts).replace(/,\n\)$/, "\n)");
}

/** A call on one line if it is short, else with one argument per line. */
function arguments_(call: string, parts: string[]): string {
    const line = `${call}(${parts.join(", ")})`;
    return line.length <= 76 ? line : `${call}(\n${parts.map((part) => `    ${part},`).join("\n")}\n)`;
}
