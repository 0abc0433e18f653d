/** Calls of the sandbox, all on the console's own origin. */

import type { Fields } from "./types";

export class SandboxError extends Error {}

async function send(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    try {
        response = await fetch(path, {
            method,
            ...(method === "POST" && {
                body: JSON.stringify(body ?? {}),
                headers: { "Content-Type": "application/json" },
            }),
            cache: "no-store",
            redirect: "error",
        });
    } catch {
        throw new SandboxError("offline");
    }
    const value: unknown = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
    if (!response.ok) throw new SandboxError((value as { error?: string }).error ?? `HTTP ${response.status}`);
    return value;
}

/** Reads data of the console. */
export async function read<T>(name: string, query: object = {}): Promise<T> {
    return (await send("POST", `data/${name}`, query)) as T;
}

/** Makes a control call with POST. */
export async function control<T = null>(path: string, body: object = {}): Promise<T> {
    return (await send("POST", path, body)) as T;
}

/** Makes a control call with GET. */
export async function controlGet<T>(path: string): Promise<T> {
    return (await send("GET", path)) as T;
}

/** A refusal of the platform. */
export class Refused extends Error {
    constructor(
        readonly code: number,
        message: string,
        readonly request: number,
    ) {
        super(message);
    }
}

/** Makes a call of the platform in the merchant's place. */
export async function merchant(operation: string, body: Fields, no = ""): Promise<{ data: Fields; request: number }> {
    const { request, response } = await read<{
        request: number;
        response: { code: number; msg: string; data?: Fields };
    }>("call", { operation, no, body });
    if (response.code !== 0) throw new Refused(response.code, response.msg, request);
    return { data: response.data ?? {}, request };
}
