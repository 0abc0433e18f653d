/** The frame of the console: navigation, clock, search, theme, language, keyboard. */

import { useEffect, useState } from "preact/hooks";
import { read } from "./api";
import { ClockButton } from "./clock";
import { useConnected, useLive } from "./live";
import { Search } from "./search";
import { go, href, useRoute } from "./route";
import { Cardholders } from "./screens/cardholders";
import { Cards } from "./screens/cards";
import { Consumptions } from "./screens/consumptions";
import { Faults } from "./screens/faults";
import { Ledger } from "./screens/ledger";
import { Overview } from "./screens/overview";
import { Requests } from "./screens/requests";
import { Snapshots } from "./screens/snapshots";
import { Transfers } from "./screens/transfers";
import { Webhooks } from "./screens/webhooks";
import { type Language, language, languages, setLanguage, store, stored, t } from "./texts";
import type { Info } from "./types";
import { Dialog } from "./form";
import { Badge, Icon, icons, Toasts, Waiting } from "./ui";

export const SCREENS = {
    overview: Overview,
    cardholders: Cardholders,
    cards: Cards,
    consumptions: Consumptions,
    transfers: Transfers,
    ledger: Ledger,
    requests: Requests,
    webhooks: Webhooks,
    faults: Faults,
    snapshots: Snapshots,
};
export type Page = keyof typeof SCREENS;

const GROUPS = {
    money: ["overview", "cardholders", "cards", "consumptions", "transfers", "ledger"],
    traffic: ["requests", "webhooks"],
    test: ["faults", "snapshots"],
} as const;

/** The keys after `g` that open a page. */
const KEYS: Record<string, Page> = {
    o: "overview",
    h: "cardholders",
    c: "cards",
    p: "consumptions",
    t: "transfers",
    l: "ledger",
    r: "requests",
    w: "webhooks",
    f: "faults",
    s: "snapshots",
};

type Theme = "system" | "light" | "dark";
const THEMES: Theme[] = ["system", "light", "dark"];
const THEME_KEY = "keysecure.theme";

export function applyTheme(): Theme {
    const theme = THEMES.find((one) => one === stored(THEME_KEY)) ?? "system";
    document.documentElement.dataset.theme = theme;
    return theme;
}

export function App() {
    const [shownLanguage, setShown] = useState(language);
    const change = (to: Language) => {
        setLanguage(to);
        setShown(to);
    };
    return <Frame key={shownLanguage} onLanguage={change} />;
}

function Frame({ onLanguage }: { onLanguage: (to: Language) => void }) {
    const route = useRoute();
    const page: Page = route.page in SCREENS ? (route.page as Page) : "overview";
    const info = useLive<Info>([], "info", () => read("info"));
    const [theme, setTheme] = useState<Theme>(applyTheme);
    const [isMenuOpen, setMenu] = useState(false);
    const [dialog, setDialog] = useState<"search" | "help">();
    useEffect(() => {
        setMenu(false);
        document.title = `${t.nav[page]} · ${t.app.title}`;
    }, [page, route.id]);
    useKeyboard(route.page, route.id, setDialog);
    const Screen = SCREENS[page];
    const pickTheme = (to: string) => {
        store(THEME_KEY, to);
        setTheme(applyTheme());
    };
    return (
        <div class={isMenuOpen ? "frame menu-open" : "frame"}>
            <a
                class="skip"
                href="#content"
                onClick={(event) => {
                    event.preventDefault();
                    document.getElementById("content")?.focus();
                }}
            >
                {t.app.skip}
            </a>
            <nav class="side" aria-label={t.app.menu}>
                <a class="brand" href={href("overview")}>
                    <span class="logo" aria-hidden="true" /> {t.app.title}
                </a>
                {Object.entries(GROUPS).map(([group, pages]) => (
                    <div key={group} class="group">
                        <p>{t.groups[group as keyof typeof GROUPS]}</p>
                        {pages.map((one) => (
                            <a key={one} href={href(one)} aria-current={one === page ? "page" : undefined}>
                                <Icon path={icons[one]} /> {t.nav[one]}
                            </a>
                        ))}
                    </div>
                ))}
                <div class="side-end">
                    <label>
                        {t.language}
                        <select
                            value={language}
                            onChange={(event) => onLanguage(event.currentTarget.value as Language)}
                        >
                            {Object.entries(languages).map(([tag, texts]) => (
                                <option key={tag} value={tag} lang={tag}>
                                    {texts.name}
                                </option>
                            ))}
                        </select>
                    </label>
                    <label>
                        {t.theme.label}
                        <select value={theme} onChange={(event) => pickTheme(event.currentTarget.value)}>
                            {THEMES.map((one) => (
                                <option key={one} value={one}>
                                    {t.theme[one]}
                                </option>
                            ))}
                        </select>
                    </label>
                    <p class="dim">
                        {info.data && t.common.version(info.data.version)} ·{" "}
                        <a href="LICENSES.txt" target="_blank" rel="noreferrer">
                            {t.common.licences}
                        </a>
                    </p>
                </div>
            </nav>
            <button
                type="button"
                class="shade"
                aria-label={t.app.close}
                tabIndex={isMenuOpen ? 0 : -1}
                onClick={() => setMenu(false)}
            />
            <header class="top">
                <button
                    type="button"
                    class="button plain menu"
                    aria-label={t.app.menu}
                    aria-expanded={isMenuOpen}
                    onClick={() => setMenu(!isMenuOpen)}
                >
                    <Icon path={icons.menu} />
                </button>
                <h1>{t.nav[page]}</h1>
                {info.data && (
                    <span class="mode">
                        <Badge tone="info">{t.modes[info.data.mode]}</Badge>
                    </span>
                )}
                <div class="space" />
                <Connection />
                <ClockButton />
                <button
                    type="button"
                    class="button plain search"
                    onClick={() => setDialog("search")}
                    aria-label={t.search.open}
                >
                    <Icon path={icons.search} size={16} />
                    <span>{t.search.open}</span>
                    <kbd>/</kbd>
                </button>
            </header>
            <main id="content" tabIndex={-1}>
                {info.data ? <Screen info={info.data} route={route} theme={theme} /> : <Waiting error={info.error} />}
            </main>
            {dialog === "search" && <Search onClose={() => setDialog(undefined)} />}
            {dialog === "help" && <Help onClose={() => setDialog(undefined)} />}
            <Toasts />
        </div>
    );
}

function Connection() {
    const isConnected = useConnected();
    return (
        <span class={isConnected ? "live" : "live off"} role="status" title={isConnected ? t.live.on : t.live.offLong}>
            <i aria-hidden="true" /> <span>{isConnected ? t.live.on : t.live.off}</span>
        </span>
    );
}

function Help({ onClose }: { onClose: () => void }) {
    const rows: [string, string][] = [
        ["/", t.keys.search],
        ["f", t.keys.filter],
        ["j k ↑ ↓", t.keys.move],
        ["Enter", t.keys.open],
        ["Esc", t.keys.close],
        ["?", t.keys.help],
    ];
    return (
        <Dialog title={t.app.help} onClose={onClose}>
            <dl class="keys">
                {rows.map(([keys, text]) => (
                    <div key={keys}>
                        <dt>
                            {keys.split(" ").map((key) => (
                                <kbd key={key}>{key}</kbd>
                            ))}
                        </dt>
                        <dd>{text}</dd>
                    </div>
                ))}
                {Object.entries(KEYS).map(([key, page]) => (
                    <div key={key}>
                        <dt>
                            <kbd>g</kbd>
                            <kbd>{key}</kbd>
                        </dt>
                        <dd>{t.nav[page]}</dd>
                    </div>
                ))}
            </dl>
        </Dialog>
    );
}

function useKeyboard(page: string, id: string, open: (dialog: "search" | "help") => void) {
    useEffect(() => {
        let isGoing = false;
        const listen = (event: KeyboardEvent) => {
            const target = event.target as HTMLElement;
            const isTyping = target.closest("input, select, textarea, dialog") !== null;
            if ((event.metaKey || event.ctrlKey) && event.key === "k") {
                event.preventDefault();
                open("search");
                return;
            }
            if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
            const wasGoing = isGoing;
            isGoing = false;
            if (wasGoing && KEYS[event.key]) go(href(KEYS[event.key] ?? ""));
            else if (event.key === "g") isGoing = true;
            else if (event.key === "/") open("search");
            else if (event.key === "?") open("help");
            else if (event.key === "f") document.querySelector<HTMLElement>(".filter-text")?.focus();
            else if (event.key === "Escape" && id !== "")
                go(href(page, "", new URLSearchParams(location.hash.split("?")[1])));
            else return;
            event.preventDefault();
        };
        addEventListener("keydown", listen);
        return () => removeEventListener("keydown", listen);
    }, [page, id]);
}
