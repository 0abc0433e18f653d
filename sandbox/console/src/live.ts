/** Live updates: the sandbox says what changed, and the views that show it read it again. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Versions } from "./types";

export type Topic = "rows" | "requests" | "webhooks" | "faults" | "snapshots" | "clock";

let versions: Versions | undefined;
let received = 0;
/** Whether the stream is open; `undefined` before it was. */
let isConnected: boolean | undefined;
let source: EventSource | undefined;
const listeners = new Set<(changed: Set<Topic>) => void>();

function emit(changed: Set<Topic>): void {
    for (const listener of [...listeners]) listener(changed);
}

function receive(next: Versions): void {
    const before = versions;
    const elapsed = before && !before.frozen ? performance.now() - received : 0;
    const isClockMoved =
        !before || before.frozen !== next.frozen || Math.abs(next.now_ms - before.now_ms - elapsed) > 1500;
    const names = ["rows", "requests", "webhooks", "faults", "snapshots"] as const;
    const changed = new Set<Topic>(names.filter((name) => before?.[name] !== next[name]));
    if (isClockMoved) changed.add("clock");
    [versions, received] = [next, performance.now()];
    emit(changed);
}

function setConnected(to: boolean): void {
    if (isConnected === to) return;
    isConnected = to;
    emit(new Set());
}

/** A hidden tab holds no connection: a browser has only six of them. */
function follow(): void {
    if (document.hidden) {
        source?.close();
        source = undefined;
        return;
    }
    if (source) return;
    source = new EventSource("events");
    source.onopen = () => setConnected(true);
    source.onmessage = (event) => receive(JSON.parse(event.data as string) as Versions);
    source.onerror = () => {
        setConnected(false);
        if (source?.readyState === EventSource.CLOSED) {
            source = undefined;
            setTimeout(follow, 2000);
        }
    };
}

export function start(): void {
    document.addEventListener("visibilitychange", follow);
    follow();
}

/** The virtual time in Unix milliseconds, and whether the clock is frozen. */
export function clock(): { now: number; frozen: boolean } | undefined {
    if (!versions) return undefined;
    const elapsed = versions.frozen ? 0 : performance.now() - received;
    return { now: versions.now_ms + elapsed, frozen: versions.frozen };
}

export function useConnected(): boolean {
    const [connected, set] = useState(isConnected);
    useEffect(() => {
        set(isConnected);
        return subscribe(() => set(isConnected));
    }, []);
    return connected ?? true;
}

export function subscribe(listener: (changed: Set<Topic>) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
}

export interface Loaded<T> {
    data: T | undefined;
    error: string | undefined;
    reload: () => void;
}

/** The least time between two reads of one view. */
const PAUSE = 250;

/** Loads data, and loads it again when one of the topics changes. `key` names what is loaded. */
export function useLive<T>(topics: Topic[], key: string, load: () => Promise<T>): Loaded<T> {
    const [state, set] = useState<{ key: string; data?: T; error?: string }>({ key });
    const latest = useRef(load);
    latest.current = load;
    const trigger = useRef<() => void>(() => undefined);
    useEffect(() => {
        let isOver = false;
        let isBusy = false;
        let isStale = false;
        const run = async () => {
            if (isBusy) {
                isStale = true;
                return;
            }
            isBusy = true;
            isStale = false;
            try {
                const data = await latest.current();
                if (!isOver) set({ key, data });
            } catch (error) {
                if (!isOver)
                    set((before) => ({ ...(before.key === key && before), key, error: (error as Error).message }));
            }
            setTimeout(() => {
                isBusy = false;
                if (isStale && !isOver) void run();
            }, PAUSE);
        };
        trigger.current = () => void run();
        void run();
        const stop = subscribe((changed) => {
            if (topics.some((topic) => changed.has(topic))) void run();
        });
        return () => {
            isOver = true;
            stop();
        };
    }, [key]);
    const current = state.key === key ? state : { key };
    return { data: (current as { data?: T }).data, error: current.error, reload: () => trigger.current() };
}
