/** The parts that the screens are made of. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "./api";
import { money, time } from "./format";
import { href } from "./route";
import { t } from "./texts";

export function Icon({ path, size = 18 }: { path: string; size?: number }) {
    return (
        <svg
            width={size}
            height={size}
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.8"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d={path} />
        </svg>
    );
}

export const icons = {
    overview: "M4 19V9m5 10V5m5 14v-7m5 7V8",
    cardholders:
        "M16 19v-1a4 4 0 0 0-4-4H8a4 4 0 0 0-4 4v1M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6m10 9v-1a4 4 0 0 0-3-3.900M16 4.200a3 3 0 0 1 0 5.600",
    cards: "M3 7a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM3 10h18M7 15h3",
    ledger: "M12 4v16M5 8h14M8 8l-3 7h6zM16 8l-3 7h6zM8 20h8",
    consumptions: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    transfers: "M7 7h13l-4-4M17 17H4l4 4",
    requests: "M4 6h16M4 12h10M4 18h7m7-4v6m-3-3 3 3 3-3",
    webhooks: "M12 4a4 4 0 0 1 3 6l3 5M9 10a4 4 0 1 0-4 8h6m7-3a3.500 3.500 0 1 1-3.300 5",
    faults: "M13 3 5 14h6l-1 7 8-11h-6z",
    snapshots: "M4 8h3l2-3h6l2 3h3v11H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
    search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m9 2-4-4",
    menu: "M4 7h16M4 12h16M4 17h16",
    close: "M6 6l12 12M18 6 6 18",
    clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3 2",
    copy: "M9 9h10v11H9zM5 15V4h10",
    back: "M15 5l-7 7 7 7",
    plus: "M12 5v14M5 12h14",
    eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12m10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
};

type Tone = "good" | "bad" | "warn" | "info" | "plain";
const TONES: Record<string, Tone> = {
    Approved: "good",
    Activated: "good",
    Success: "good",
    Pending: "warn",
    In_progress: "info",
    ToActivate: "info",
    Frozen: "info",
    Fail: "bad",
    Rejected: "bad",
    Delete: "plain",
};

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
    return <span class={`badge ${tone}`}>{children}</span>;
}

/** A status in the platform's own words. */
export function Status({ of }: { of: string }) {
    return <Badge tone={TONES[of] ?? "plain"}>{of}</Badge>;
}

export function Money({ of, sign = false }: { of: string; sign?: boolean }) {
    const isNegative = of.startsWith("-");
    return (
        <span class={isNegative ? "num neg" : "num"}>
            {sign && !isNegative ? "+" : ""}
            {money(of)}
        </span>
    );
}

export function Time({ ms }: { ms: number }) {
    return <time class="num dim">{time(ms)}</time>;
}

interface ButtonProps {
    onClick: () => unknown;
    children: ComponentChildren;
    kind?: "primary" | "danger" | "plain";
    label?: string;
    disabled?: boolean;
}

/** A button that is off while its action runs, and shows the action's error. */
export function Button({ onClick, children, kind = "plain", label, disabled = false }: ButtonProps) {
    const [isBusy, setBusy] = useState(false);
    const run = async () => {
        setBusy(true);
        try {
            await onClick();
        } catch (error) {
            toastError(error);
        } finally {
            setBusy(false);
        }
    };
    return (
        <button
            type="button"
            class={`button ${kind}`}
            disabled={isBusy || disabled}
            aria-label={label}
            title={label}
            onClick={() => void run()}
        >
            {children}
        </button>
    );
}

export function Copy({ text, label }: { text: string; label?: string }) {
    const copy = async () => {
        await navigator.clipboard.writeText(text);
        toast(t.common.copied);
    };
    return (
        <Button onClick={copy} label={label ?? t.common.copy}>
            <Icon path={icons.copy} size={14} />
        </Button>
    );
}

/** A number of the platform with a link to its row. */
export function Ref({ page, no }: { page: string; no: string }) {
    return no === "" ? (
        <span class="dim">–</span>
    ) : (
        <a class="mono" href={href(page, no)}>
            {no}
        </a>
    );
}

export function Panel({
    title,
    actions,
    children,
}: {
    title?: string;
    actions?: ComponentChildren;
    children: ComponentChildren;
}) {
    return (
        <section class="panel">
            {(title ?? actions) && (
                <header>
                    {title && <h2>{title}</h2>}
                    {actions && <div class="actions">{actions}</div>}
                </header>
            )}
            {children}
        </section>
    );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
    return (
        <dl class="facts">
            {rows.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <p>{title}</p>
            {children && <p class="dim">{children}</p>}
        </div>
    );
}

/** What there is instead of data. */
export function Waiting({ error }: { error: string | undefined }) {
    if (error === undefined)
        return (
            <div class="empty dim" role="status">
                {t.common.loading} …
            </div>
        );
    return (
        <div class="empty" role="alert">
            <p>{t.common.failed}</p>
            <p class="dim">{error === "offline" ? t.live.offLong : error}</p>
        </div>
    );
}

export function Code({ text, label }: { text: string; label: string }) {
    return (
        <div class="code">
            <pre tabIndex={0} role="region" aria-label={label}>
                {text}
            </pre>
            <Copy text={text} label={`${t.common.copy}: ${label}`} />
        </div>
    );
}

/** A list beside the detail of one of its rows. On a narrow screen the detail covers the list. */
export function Split({
    page,
    id,
    list,
    detail,
}: {
    page: string;
    id: string;
    list: ComponentChildren;
    detail: ComponentChildren;
}) {
    const pane = useRef<HTMLElement>(null);
    useEffect(() => {
        if (id !== "") pane.current?.scrollTo({ top: 0 });
    }, [id]);
    return (
        <div class={id === "" ? "split" : "split open"}>
            <div class="split-list">{list}</div>
            {id !== "" && (
                <aside ref={pane} class="split-detail" aria-label={id}>
                    <a class="back" href={href(page, "", new URLSearchParams(location.hash.split("?")[1]))}>
                        <Icon path={icons.back} size={16} /> {t.common.back}
                    </a>
                    {detail}
                </aside>
            )}
        </div>
    );
}

// ---- messages

type Toast = { id: number; text: string; isError: boolean; link: { href: string; text: string } | undefined };
let toasts: Toast[] = [];
let count = 0;
let show: (toasts: Toast[]) => void = () => undefined;

function add(text: string, isError: boolean, link?: Toast["link"]): void {
    const id = ++count;
    toasts = [...toasts.slice(-2), { id, text, isError, link }];
    show(toasts);
    setTimeout(
        () => {
            toasts = toasts.filter((one) => one.id !== id);
            show(toasts);
        },
        isError ? 8000 : 3500,
    );
}

export function toast(text: string, request?: number): void {
    add(
        text,
        false,
        request === undefined ? undefined : { href: href("requests", String(request)), text: t.common.seeRequest },
    );
}

export function describe(error: unknown): string {
    if (error instanceof Refused) return `${error.code}: ${error.message}`;
    const text = error instanceof Error ? error.message : String(error);
    return text === "offline" ? t.live.offLong : text;
}

export function toastError(error: unknown): void {
    const link =
        error instanceof Refused
            ? { href: href("requests", String(error.request)), text: t.common.seeRequest }
            : undefined;
    add(describe(error), true, link);
}

export function Toasts() {
    const [shown, set] = useState(toasts);
    show = set;
    return (
        <div class="toasts" role="status" aria-live="polite">
            {shown.map((one) => (
                <div key={one.id} class={one.isError ? "toast bad" : "toast"}>
                    {one.text} {one.link && <a href={one.link.href}>{one.link.text}</a>}
                </div>
            ))}
        </div>
    );
}
