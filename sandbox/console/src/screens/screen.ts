/** What every screen gets, and the rows that several screens load. */

import { read } from "../api";
import { type Loaded, useLive } from "../live";
import type { Route } from "../route";
import type { Info, Kind, Rows, RowTypes } from "../types";

export interface ScreenProps {
    info: Info;
    route: Route;
    theme: string;
}

/** The rows of a kind that match, kept up to date. */
export function useRows<K extends Kind>(kind: K, text = "", status = ""): Loaded<Rows<K>> {
    return useLive(["rows"], `rows ${kind} ${status} ${text}`, () => read<Rows<K>>("rows", { kind, text, status }));
}

/** One row by its number: `undefined` while it is loaded, `null` if there is none. */
export function useRow<K extends Kind>(kind: K, key: keyof RowTypes[K], no: string): RowTypes[K] | null | undefined {
    const { data } = useRows(kind, no);
    if (!data) return undefined;
    return data.rows.find((row) => row[key] === no) ?? null;
}

/** The choices of a status filter with their counts. */
export function statusOptions(all: string, statuses: Record<string, number> | undefined): [string, string][] {
    return [
        ["", all],
        ...Object.entries(statuses ?? {}).map(([status, count]): [string, string] => [status, `${status} (${count})`]),
    ];
}
