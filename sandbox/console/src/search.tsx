/** The search over pages and numbers. */

import { useEffect, useRef, useState } from "preact/hooks";
import { read } from "./api";
import { go, href } from "./route";
import { t } from "./texts";
import type { Kind, Rows } from "./types";
import { Dialog } from "./form";
import { Status } from "./ui";

interface Hit {
    to: string;
    text: string;
    note: string;
    status?: string;
}

/** The number and the note of a row of each kind. */
const KINDS: [Kind, string, string][] = [
    ["cardholders", "cardholder_no", "cardholder_unique_no"],
    ["cards", "card_no", "masked_pan"],
    ["consumptions", "consume_no", "amount"],
    ["transfers", "transfer_no", "transfer_unique_no"],
];
const MAX_HITS = 6;

async function find(text: string): Promise<Hit[]> {
    const pages = Object.entries(t.nav)
        .filter(([page, name]) => `${page} ${name}`.toLowerCase().includes(text.toLowerCase()))
        .map(([page, name]) => ({ to: href(page), text: name, note: "" }));
    if (text.length < 2) return pages;
    const found = await Promise.all(
        KINDS.map(async ([kind, number, note]) => {
            const { rows } = await read<Rows<Kind>>("rows", { kind, text });
            return rows.slice(0, MAX_HITS).map((row) => {
                const fields = row as unknown as Record<string, string>;
                return {
                    to: href(kind, fields[number]),
                    text: fields[number] ?? "",
                    note: `${t.nav[kind]} · ${fields[note] ?? ""}`,
                    status: row.status,
                };
            });
        }),
    );
    return [...pages, ...found.flat()];
}

export function Search({ onClose }: { onClose: () => void }) {
    const [hits, setHits] = useState<Hit[]>([]);
    const [at, setAt] = useState(0);
    const latest = useRef("");
    const look = async (text: string) => {
        latest.current = text;
        const found = await find(text).catch(() => []);
        if (latest.current !== text) return;
        setHits(found);
        setAt(0);
    };
    useEffect(() => void look(""), []);
    const open = (hit: Hit | undefined) => {
        if (!hit) return;
        onClose();
        go(hit.to);
    };
    const key = (event: KeyboardEvent) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step !== undefined) setAt(Math.max(0, Math.min(hits.length - 1, at + step)));
        else if (event.key === "Enter") open(hits[at]);
        else return;
        event.preventDefault();
    };
    return (
        <Dialog title={t.search.open} onClose={onClose}>
            <input
                class="search-input"
                type="text"
                role="combobox"
                aria-expanded="true"
                aria-controls="hits"
                aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
                aria-label={t.search.placeholder}
                placeholder={t.search.placeholder}
                onKeyDown={key}
                onInput={(event) => void look(event.currentTarget.value)}
            />
            <ul id="hits" role="listbox" aria-label={t.search.open} class="hits">
                {hits.map((hit, index) => (
                    <li
                        key={hit.to}
                        id={`hit-${index}`}
                        role="option"
                        aria-selected={index === at}
                        onClick={() => open(hit)}
                    >
                        <span class={hit.note ? "mono" : ""}>{hit.text}</span>
                        <span class="dim">{hit.note}</span>
                        {hit.status && <Status of={hit.status} />}
                    </li>
                ))}
            </ul>
            {hits.length === 0 && <p class="dim">{t.search.none}</p>}
            <p class="dim">{t.search.hint}</p>
        </Dialog>
    );
}
