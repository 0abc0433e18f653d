/** A table that draws only the rows in view: ten thousand rows scroll as smoothly as ten. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { setParams } from "./route";
import { t } from "./texts";
import { Empty } from "./ui";

const ROW = 40;
/** The rows that are drawn above and below the view. */
const MARGIN = 8;

export interface Column<R> {
    title: string;
    cell: (row: R) => ComponentChildren;
    /** A track of a CSS grid. */
    width: string;
    /** Hidden on a narrow screen. */
    isExtra?: boolean;
    isNumber?: boolean;
}

interface Props<R> {
    label: string;
    rows: R[];
    columns: Column<R>[];
    id: (row: R) => string;
    href: (row: R) => string;
    selected: string;
    empty?: ComponentChildren;
}

export function List<R>({ label, rows, columns, id, href, selected, empty }: Props<R>) {
    const scroller = useRef<HTMLDivElement>(null);
    const [view, setView] = useState({ top: 0, height: 600 });
    const focus = useRef<number | undefined>(undefined);
    useLayoutEffect(() => {
        const node = scroller.current;
        if (!node) return;
        const measure = () => setView({ top: node.scrollTop, height: node.clientHeight });
        measure();
        const observer = new ResizeObserver(measure);
        observer.observe(node);
        return () => observer.disconnect();
    }, []);
    const first = Math.max(0, Math.floor(view.top / ROW) - MARGIN);
    const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + MARGIN);
    useEffect(() => {
        if (focus.current === undefined) return;
        scroller.current?.querySelector<HTMLElement>(`[data-at="${focus.current}"] a`)?.focus({ preventScroll: true });
        focus.current = undefined;
    });
    const move = (event: KeyboardEvent) => {
        const at = Number((event.target as HTMLElement).closest("[data-at]")?.getAttribute("data-at") ?? -1);
        const page = Math.floor(view.height / ROW) - 1;
        const steps: Record<string, number> = {
            ArrowDown: 1,
            ArrowUp: -1,
            j: 1,
            k: -1,
            PageDown: page,
            PageUp: -page,
            Home: -rows.length,
            End: rows.length,
        };
        const step = steps[event.key];
        const node = scroller.current;
        if (step === undefined || event.metaKey || event.ctrlKey || event.altKey || !node || rows.length === 0) return;
        event.preventDefault();
        const to = Math.min(rows.length - 1, Math.max(0, at + step));
        const top = to * ROW;
        if (top < node.scrollTop) node.scrollTop = top;
        else if (top + ROW > node.scrollTop + node.clientHeight - ROW)
            node.scrollTop = top + 2 * ROW - node.clientHeight;
        focus.current = to;
        setView({ top: node.scrollTop, height: node.clientHeight });
    };
    const open = (event: MouseEvent, row: R) => {
        if ((event.target as HTMLElement).closest("a, button") || getSelection()?.toString()) return;
        location.hash = href(row);
    };
    const columnsOf = (which: Column<R>[]) => which.map((column) => column.width).join(" ");
    const tracks = {
        "--columns": columnsOf(columns),
        "--columns-narrow": columnsOf(columns.filter((column) => !column.isExtra)),
    };
    const cellClass = (column: Column<R>) =>
        ["cell", column.isExtra && "extra", column.isNumber && "right"].filter(Boolean).join(" ");
    return (
        <div
            ref={scroller}
            class="list"
            role="table"
            aria-label={label}
            aria-rowcount={rows.length + 1}
            tabIndex={0}
            style={tracks}
            onScroll={(event) =>
                setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
            }
            onKeyDown={move}
        >
            <div role="rowgroup" class="list-head">
                <div role="row" class="row" aria-rowindex={1}>
                    {columns.map((column) => (
                        <div key={column.title} role="columnheader" class={cellClass(column)}>
                            {column.title}
                        </div>
                    ))}
                </div>
            </div>
            {rows.length === 0 ? (
                (empty ?? <Empty title={t.common.empty} />)
            ) : (
                <div role="rowgroup" class="list-body" style={{ height: `${rows.length * ROW}px` }}>
                    {rows.slice(first, last).map((row, at) => {
                        const key = id(row);
                        return (
                            <div
                                key={key}
                                role="row"
                                data-at={first + at}
                                aria-rowindex={first + at + 2}
                                aria-selected={key === selected}
                                class={key === selected ? "row selected" : "row"}
                                style={{ transform: `translateY(${(first + at) * ROW}px)` }}
                                onClick={(event) => open(event, row)}
                            >
                                {columns.map((column, index) => (
                                    <div key={column.title} role="cell" class={cellClass(column)}>
                                        {index === 0 ? (
                                            <a href={href(row)} class="row-link">
                                                {column.cell(row)}
                                            </a>
                                        ) : (
                                            column.cell(row)
                                        )}
                                    </div>
                                ))}
                            </div>
                        );
                    })}
                </div>
            )}
        </div>
    );
}

/** The filters above a list. They are part of the address. */
export function Filters({ text, children, count }: { text: string; children?: ComponentChildren; count?: string }) {
    const timer = useRef(0);
    const input = useRef<HTMLInputElement>(null);
    useEffect(() => {
        if (input.current && document.activeElement !== input.current) input.current.value = text;
    }, [text]);
    return (
        <div class="filters" role="search">
            <input
                ref={input}
                type="search"
                class="filter-text"
                defaultValue={text}
                placeholder={t.common.filterHint}
                aria-label={t.common.filter}
                onInput={(event) => {
                    const value = event.currentTarget.value;
                    clearTimeout(timer.current);
                    timer.current = setTimeout(() => setParams({ q: value }), 150);
                }}
            />
            {children}
            {count !== undefined && (
                <span class="dim count" role="status">
                    {count}
                </span>
            )}
        </div>
    );
}

export function Choice({
    name,
    label,
    value,
    options,
}: {
    name: string;
    label: string;
    value: string;
    options: [string, string][];
}) {
    return (
        <select aria-label={label} value={value} onChange={(event) => setParams({ [name]: event.currentTarget.value })}>
            {options.map(([option, text]) => (
                <option key={option} value={option}>
                    {text}
                </option>
            ))}
        </select>
    );
}
