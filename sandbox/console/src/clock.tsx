/** The virtual clock in the frame. */

import { useEffect, useState } from "preact/hooks";
import { control } from "./api";
import { clockTime, time } from "./format";
import { clock, subscribe } from "./live";
import { t } from "./texts";
import { Dialog, Form } from "./form";
import { Badge, Button, Icon, icons, toast } from "./ui";

export function useClock() {
    const [, draw] = useState(0);
    useEffect(() => {
        const again = () => draw((count) => count + 1);
        const timer = setInterval(again, 500);
        const stop = subscribe((changed) => changed.has("clock") && again());
        return () => {
            clearInterval(timer);
            stop();
        };
    }, []);
    return clock();
}

export function ClockButton() {
    const now = useClock();
    const [isOpen, setOpen] = useState(false);
    if (!now) return null;
    return (
        <>
            <button
                type="button"
                class="button plain clock"
                onClick={() => setOpen(true)}
                title={`${t.clock.title}: ${time(now.now)} UTC`}
            >
                <Icon path={icons.clock} size={16} />
                <span class="unseen">{t.clock.title}</span>
                <span class="num">{clockTime(now.now)}</span>
                {now.frozen && <Badge tone="info">{t.clock.frozen}</Badge>}
            </button>
            {isOpen && (
                <Dialog title={t.clock.title} onClose={() => setOpen(false)}>
                    <ClockControls />
                </Dialog>
            )}
        </>
    );
}

const UNITS: Record<string, number> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Moves the clock by a time that may be negative. */
async function shift(ms: number): Promise<void> {
    await control(ms < 0 ? "/clock/rewind" : "/clock/advance", { ms: Math.abs(Math.round(ms)) });
    toast(t.clock.moved);
}

export function ClockControls() {
    const now = useClock();
    const unitName = (unit: string) => t.clock[unit as "second" | "minute" | "hour" | "day"];
    const quick: [string, number][] = [
        ["+10 s", 10_000],
        ["+1 min", 60_000],
        ["+1 h", 3_600_000],
        ["+1 d", 86_400_000],
        ["+30 d", 30 * 86_400_000],
    ];
    const move = async (values: Record<string, string>) => {
        const ms = Number(values.by) * (UNITS[values.unit ?? ""] ?? 0);
        await shift(values.direction === "rewind" ? -ms : ms);
    };
    return (
        <div class="clock-controls">
            <p class="clock-face">
                <span class="num">{now ? time(now.now) : "…"}</span> <span class="dim">UTC</span>{" "}
                {now && (
                    <Badge tone={now.frozen ? "info" : "good"}>{now.frozen ? t.clock.frozen : t.clock.running}</Badge>
                )}
            </p>
            <div class="actions">
                {quick.map(([text, ms]) => (
                    <Button key={text} onClick={() => shift(ms)}>
                        {text}
                    </Button>
                ))}
                <Button onClick={() => control(now?.frozen ? "/clock/unfreeze" : "/clock/freeze")}>
                    {now?.frozen ? t.clock.unfreeze : t.clock.freeze}
                </Button>
            </div>
            <Form
                submit={t.clock.move}
                onSubmit={move}
                fields={[
                    {
                        name: "direction",
                        label: t.clock.direction,
                        options: [
                            ["advance", t.clock.advance],
                            ["rewind", t.clock.rewind],
                        ],
                    },
                    { name: "by", label: t.clock.by, type: "number", value: "1" },
                    {
                        name: "unit",
                        label: t.clock.unit,
                        value: "hour",
                        options: Object.keys(UNITS).map((unit) => [unit, unitName(unit)]),
                    },
                ]}
            />
        </div>
    );
}
