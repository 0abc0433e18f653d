/** Addresses of the console: `#/cards/17?status=Frozen`. Every view can be linked to. */

import { useEffect, useState } from "preact/hooks";

export interface Route {
    page: string;
    /** The row that is shown beside the list. */
    id: string;
    params: URLSearchParams;
}

function decode(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

export function parse(hash: string): Route {
    const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
    const [page = "", ...rest] = path.split("/");
    return { page: page || "overview", id: decode(rest.join("/")), params: new URLSearchParams(query) };
}

export function href(page: string, id = "", params?: URLSearchParams | Record<string, string>): string {
    const query = new URLSearchParams(params);
    for (const [name, value] of [...query]) if (value === "") query.delete(name);
    const text = query.toString();
    return `#/${page}${id && `/${encodeURIComponent(id)}`}${text && `?${text}`}`;
}

export function go(to: string): void {
    location.hash = to;
}

/** Changes parameters of the present address without a new entry in the history. */
export function setParams(changes: Record<string, string>): void {
    const { page, id, params } = parse(location.hash);
    for (const [name, value] of Object.entries(changes)) params.set(name, value);
    history.replaceState(null, "", href(page, id, params));
    dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
    const [route, set] = useState(() => parse(location.hash));
    useEffect(() => {
        const listen = () => set(parse(location.hash));
        addEventListener("hashchange", listen);
        return () => removeEventListener("hashchange", listen);
    }, []);
    return route;
}
