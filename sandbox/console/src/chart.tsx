/** The chart of balances. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { money, time } from "./format";
import type { Series, SeriesName } from "./types";

export const COLORS: Record<SeriesName, string> = {
    reserve: "--series-1",
    cardholders: "--series-2",
    holds: "--series-3",
    spent: "--series-4",
    fees: "--series-5",
};

export interface Hover {
    time: string;
    values: Partial<Record<SeriesName, string>>;
}

/** A time of the axis: the date at midnight or for steps of days, else the time of the day. */
function label24(seconds: number, step: number): string {
    const text = time(seconds * 1000);
    if (step >= 86_400) return text.slice(5, 10);
    return text.endsWith("00:00:00") ? text.slice(5, 10) : text.slice(11, step < 60 ? 19 : 16);
}

interface Props {
    data: Series;
    shown: SeriesName[];
    label: string;
    /** Changes when the colours do. */
    theme: string;
    onHover: (hover: Hover | undefined) => void;
}

export function Chart({ data, shown, label, theme, onHover }: Props) {
    const host = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | undefined>(undefined);
    const names = shown.join();
    const latest = useRef(data);
    latest.current = data;
    const values = () =>
        [data.times.map((ms) => ms / 1000), ...shown.map((name) => data[name].map(Number))] as uPlot.AlignedData;
    useEffect(() => {
        const node = host.current;
        if (!node) return;
        // A canvas does not know the functions of CSS: the browser resolves a colour on an element.
        const color = (name: string) => {
            node.style.color = `var(${name})`;
            return getComputedStyle(node).color;
        };
        const axis: uPlot.Axis = {
            stroke: color("--dim"),
            grid: { stroke: color("--line"), width: 1 },
            ticks: { show: false },
            font: "12px system-ui, sans-serif",
        };
        const made = new uPlot(
            {
                width: node.clientWidth,
                height: 230,
                legend: { show: false },
                cursor: { y: false, drag: { x: true, y: false } },
                tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
                series: [
                    {},
                    ...shown.map((name) => ({
                        stroke: color(COLORS[name]),
                        width: 2,
                        points: { show: false },
                        ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
                    })),
                ],
                axes: [
                    {
                        ...axis,
                        space: 70,
                        values: (_, splits, __, ___, step) => splits.map((seconds) => label24(seconds, step)),
                    },
                    {
                        ...axis,
                        size: 74,
                        values: (_, splits) => splits.map((value) => money(value.toFixed(2)).replace(/\.00$/, "")),
                    },
                ],
                hooks: {
                    setCursor: [
                        ({ cursor }) => {
                            const at = cursor.idx;
                            const ms = at == null ? undefined : latest.current.times[at];
                            if (at == null || ms === undefined) return onHover(undefined);
                            onHover({
                                time: time(ms),
                                values: Object.fromEntries(shown.map((name) => [name, latest.current[name][at] ?? ""])),
                            });
                        },
                    ],
                },
            },
            values(),
            node,
        );
        plot.current = made;
        const observer = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: 230 }));
        observer.observe(node);
        return () => {
            observer.disconnect();
            made.destroy();
            plot.current = undefined;
        };
    }, [names, theme]);
    useEffect(() => plot.current?.setData(values()), [data]);
    return <div ref={host} class="chart" role="img" aria-label={label} />;
}
