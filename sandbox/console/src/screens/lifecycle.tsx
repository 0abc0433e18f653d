/** The life cycle of a card as a picture, drawn from the sandbox's own table of transitions. */

import { t } from "../texts";
import type { Transition } from "../types";

const PLACES: Record<string, [number, number]> = {
    Pending: [70, 100],
    ToActivate: [230, 40],
    Activated: [390, 100],
    Frozen: [550, 40],
    Fail: [230, 165],
    Delete: [550, 165],
};
const [WIDTH, HEIGHT] = [104, 34];

/** The point where a line from the middle of a box to another point leaves the box. */
function edge([x, y]: [number, number], [toX, toY]: [number, number]): [number, number] {
    const [dx, dy] = [toX - x, toY - y];
    const scale = Math.min(
        dx === 0 ? Infinity : (WIDTH / 2 + 6) / Math.abs(dx),
        dy === 0 ? Infinity : (HEIGHT / 2 + 6) / Math.abs(dy),
    );
    return [x + dx * scale, y + dy * scale];
}

export function Lifecycle({ status, transitions, type }: { status: string; transitions: Transition[]; type: string }) {
    const pairs = new Map<string, Transition[]>();
    for (const one of transitions)
        pairs.set(`${one.from} ${one.to}`, [...(pairs.get(`${one.from} ${one.to}`) ?? []), one]);
    const isPossible = (from: string, to: string) =>
        from === status &&
        !(
            from === "Pending" &&
            ((to === "ToActivate" && type === "Virtual") || (to === "Activated" && type === "Physical"))
        );
    return (
        <svg class="lifecycle" viewBox="0 0 620 205" role="img" aria-label={t.cards.lifecycleLabel(status)}>
            <defs>
                {["now", "rest"].map((name) => (
                    <marker
                        key={name}
                        id={`arrow-${name}`}
                        class={name}
                        viewBox="0 0 8 8"
                        refX="7"
                        refY="4"
                        markerWidth="7"
                        markerHeight="7"
                        orient="auto"
                    >
                        <path d="M0 0 8 4 0 8z" />
                    </marker>
                ))}
            </defs>
            {/* The possible steps last, so that no other line covers them. */}
            {[...pairs]
                .sort(
                    ([, [one]], [, [other]]) =>
                        Number(one && isPossible(one.from, one.to)) - Number(other && isPossible(other.from, other.to)),
                )
                .map(([key, [one, ...more]]) => {
                    const [from, to] = [PLACES[one?.from ?? ""], PLACES[one?.to ?? ""]];
                    if (!one || !from || !to) return null;
                    const isBack = pairs.has(`${one.to} ${one.from}`);
                    // Two opposite lines are drawn side by side.
                    const shift = isBack ? (one.from < one.to ? 6 : -6) : 0;
                    const [x1, y1] = edge(from, to);
                    const [x2, y2] = edge(to, from);
                    const by = [one, ...more].map((each) => t.cards.by[each.by]).join(", ");
                    const name = isPossible(one.from, one.to) ? "now" : "rest";
                    return (
                        <g key={key} class={`edge ${name}`}>
                            <line
                                x1={x1 + shift}
                                y1={y1 + shift}
                                x2={x2 + shift}
                                y2={y2 + shift}
                                marker-end={`url(#arrow-${name})`}
                            >
                                <title>{`${one.from} → ${one.to}: ${by}`}</title>
                            </line>
                        </g>
                    );
                })}
            {Object.entries(PLACES).map(([name, [x, y]]) => (
                <g key={name} class={name === status ? "node now" : "node"}>
                    <rect x={x - WIDTH / 2} y={y - HEIGHT / 2} width={WIDTH} height={HEIGHT} rx="9" />
                    <text x={x} y={y + 4.5} text-anchor="middle">
                        {name}
                    </text>
                </g>
            ))}
        </svg>
    );
}
