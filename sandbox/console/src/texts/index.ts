/** The language of the console: that of the browser, or the one that was chosen. */

import { en, type Texts } from "./en";
import { zhCN } from "./zh-CN";

export const languages = { en, "zh-CN": zhCN } as const;
export type Language = keyof typeof languages;

const KEY = "keysecure.language";

function preferred(): Language {
    const chosen = stored(KEY);
    if (chosen === "en" || chosen === "zh-CN") return chosen;
    return navigator.languages
        .find((tag) => /^(zh|en)/i.test(tag))
        ?.toLowerCase()
        .startsWith("zh")
        ? "zh-CN"
        : "en";
}

/** A value of the browser's storage, which the user may have disabled. */
export function stored(key: string): string | null {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

export function store(key: string, value: string): void {
    try {
        localStorage.setItem(key, value);
    } catch {
        // It is forgotten when the page is closed.
    }
}

export let language: Language = preferred();
export let t: Texts = languages[language];

export function setLanguage(to: Language): void {
    [language, t] = [to, languages[to]];
    document.documentElement.lang = to;
    store(KEY, to);
}
