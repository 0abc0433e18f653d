/** Numbers, times and money as text. */

import type { FaultKind } from "./types";

/** An amount with separators; the decimal text itself is never turned into a number. */
export function money(text: string): string {
    const [whole = "0", fraction = "00"] = text.split(".");
    return `${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${fraction}`;
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");

/** A time in UTC, as `2026-11-26 19:20:05`. */
export function time(ms: number): string {
    const date = new Date(ms);
    if (Number.isNaN(date.getTime())) return String(ms);
    return date.toISOString().slice(0, 19).replace("T", " ");
}

/** The time of the day in UTC with milliseconds. */
export function clockTime(ms: number): string {
    const date = new Date(ms);
    return `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`;
}

export function micros(value: number | null): string {
    if (value === null) return "–";
    if (value < 1000) return `${value} µs`;
    if (value < 1_000_000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} ms`;
    return `${(value / 1_000_000).toFixed(1)} s`;
}

/** A fault as `stall 250`. */
export function fault(kind: FaultKind): string {
    if (typeof kind === "string") return kind;
    const [name, value] = Object.entries(kind)[0] ?? ["", null];
    return `${name} ${Array.isArray(value) ? value.filter((part) => part !== null).join(", ") : String(value)}`;
}

/** JSON with line ends, or the text itself if it is not JSON. */
export function pretty(text: string): string {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

/** A reference for a row that is made here. */
export function reference(): string {
    return `console-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ""}`;
}
