// What holds for all screens: safety, size, speed, keyboard, languages, accessibility.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { AxeBuilder } from "./axe.mjs";
import { APPEARANCE, button, eventually, row, submit, visit, wait } from "./page.mjs";

/** A package of virtual cards. */
const PACKAGE = "1600000000000000101";

export const quality = {
    "markup from merchants and callers is shown as text": async ({ open, sandbox, cards }) => {
        const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
        // A reference has at most 64 characters.
        const reference = "<img src=x onerror=document.title='owned'>";
        const holder = cards[0].holder;
        const references = [
            ["cardholder", { cardholder_unique_no: reference, sumsub_share_token: "auto-approve-1" }],
            ["account/transfer", { cardholder_no: holder, transfer_unique_no: reference, type: "In", balance: "1.00" }],
            ["card", { cardholder_no: holder, card_unique_no: reference, card_type: "Virtual", package_no: PACKAGE }],
        ];
        for (const [path, body] of references) {
            const made = await sandbox.call("POST", `/v1/${path.includes("/") ? path : `${path}/apply`}`, body);
            assert.equal(made.code, 0, path);
        }
        await sandbox.call("POST", "/v1/simulate/auth", {
            card_no: cards[0].card,
            amount: "1.00",
            merchant_info: { merchant_name: markup, merchant_mcc: "5411", city: markup, country: "US" },
        });
        await sandbox.call("GET", "/v1/nothing", undefined, { "X-Evil": markup });
        const receiver = { url: `${sandbox.info.control_url}/callbacks/sink` };
        await sandbox.control("/callbacks/settings", { url: `${receiver.url}?<img/src=x>` });
        const page = await open("#/overview");
        const text = encodeURIComponent(markup);
        for (const screen of ["consumptions", "requests", `cardholders?q=${text}`, `cards/${text}`, text]) {
            await visit(page, screen);
            await page.waitForTimeout(150);
            if (screen === "consumptions" || screen === "requests") {
                await page.locator(".list-body .row").first().click();
                await page.locator(".split-detail").getByText("<script>").first().waitFor();
            }
            assert.equal(await page.locator("main img, main script").count(), 0);
            assert.doesNotMatch(await page.title(), /owned/);
        }
        for (const [screen, shown] of [
            ["cardholders", reference],
            ["transfers", reference],
            ["cards", "411111"],
            ["webhooks", "Consumption"],
        ]) {
            await visit(page, screen);
            if (screen === "webhooks") await wait(page, "<img/src=x>");
            await row(page, shown).click();
            await page.locator(".split-detail").getByText("<img").first().waitFor();
            assert.equal(await page.locator("main img, main script").count(), 0, screen);
        }
        await sandbox.control("/callbacks/settings", receiver);
    },

    "the list of ten thousand requests draws only what is in view": async ({ open, sandbox }) => {
        await sandbox.load(10_000);
        const page = await open("#/requests");
        await eventually(async () => assert.match(await page.locator(".count").textContent(), /10000 of 10000/));
        // CPU time, because the machine may be busy with something else.
        const devtools = await page.context().newCDPSession(page);
        await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
        const spent = async () =>
            (await devtools.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value;
        const before = await spent();
        const { longest, median } = await page.evaluate(async () => {
            const list = document.querySelector(".list");
            const frames = [];
            let last = performance.now();
            for (let at = 0; at < 120; at++) {
                list.scrollTop = (list.scrollHeight * ((at * 7) % 120)) / 120;
                await new Promise((resolve) => requestAnimationFrame(resolve));
                frames.push(performance.now() - last);
                last = performance.now();
            }
            frames.sort((one, other) => one - other);
            return { longest: frames.at(-1), median: frames[frames.length / 2] };
        });
        const cpu = (((await spent()) - before) * 1000) / 120;
        console.log(
            `  frames while scrolling 10,000 requests: median ${median.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, CPU ${cpu.toFixed(1)} ms each`,
        );
        assert.ok((await page.locator(".list-body .row").count()) < 80);
        await page.locator(".list").press("End");
        await eventually(async () =>
            assert.equal(await page.locator(".list-body .row").last().getAttribute("aria-rowindex"), "10001"),
        );
        await page.getByPlaceholder("Number, reference, text").fill("load");
        await eventually(async () => assert.match(await page.url(), /q=load/));
    },

    "the keyboard reaches pages, search, rows and details": async ({ open, cards }) => {
        const page = await open("#/overview");
        await page.locator("main .panel").first().waitFor();
        await page.keyboard.press("g");
        await page.keyboard.press("c");
        await page.locator("h1", { hasText: "Cards" }).waitFor();
        await row(page, "411111").waitFor();
        await page.locator(".list").focus();
        await page.keyboard.press("j");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await page.locator(".split-detail .face").waitFor();
        await page.keyboard.press("Escape");
        await page.locator(".split-detail").waitFor({ state: "detached" });
        await page.keyboard.press("/");
        await page.keyboard.type(cards[0].card);
        await page.locator(".hits li").first().waitFor();
        await page.keyboard.press("Enter");
        await page.locator(".detail-head", { hasText: cards[0].card }).waitFor();
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    },

    "the language follows the browser and can be changed": async ({ open }) => {
        const page = await open("#/overview", { locale: "zh-CN" });
        await page.locator("h1", { hasText: "概览" }).waitFor();
        assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
        await page.getByLabel("语言").selectOption("en");
        await page.locator("h1", { hasText: "Overview" }).waitFor();
        await page.reload();
        await page.locator("h1", { hasText: "Overview" }).waitFor();
    },

    "a lost sandbox is reported and found again": async ({ context, restartable }) => {
        const sandbox = await restartable();
        const page = await (await context({})).newPage();
        await page.goto(`${sandbox.url}#/overview`);
        await page.locator(".live", { hasText: "Live" }).waitFor();
        await button(page, "Freeze").waitFor();
        await sandbox.stop();
        await page.locator(".live.off").waitFor();
        await button(page, "Freeze").click();
        await page.locator(".toast.bad", { hasText: "The sandbox does not respond" }).waitFor();
    },

    "authorization mode asks for BINs and has no transfers": async ({ context, restartable }) => {
        const sandbox = await restartable("--mode", "authorization");
        const page = await (await context({})).newPage();
        await page.goto(`${sandbox.url}#/transfers`);
        await wait(page, "Transfers exist in credit mode only.");
        await sandbox.control("/seed/approved_cardholder");
        await page.goto(`${sandbox.url}#/cards`);
        await button(page, "New card").click();
        await submit(page);
        await page.locator(".detail-head", { hasText: "Activated" }).waitFor();
        await sandbox.stop();
    },

    "every screen passes axe, light and dark, wide and narrow": async ({ open, cards }) => {
        const axe = new AxeBuilder(createRequire(import.meta.url).resolve("axe-core"));
        const screens = [
            "overview",
            "cardholders",
            `cards/${cards[0].card}`,
            "consumptions",
            "transfers",
            `ledger/cardholder:${cards[0].holder}`,
            "requests/20",
            "webhooks",
            "faults",
            "snapshots",
        ];
        const found = new Map();
        for (const [colorScheme, viewport] of [
            ["light", { width: 1440, height: 900 }],
            ["dark", { width: 400, height: 860 }],
        ]) {
            const page = await open("#/overview", { colorScheme, viewport, bypassCSP: true });
            for (const screen of screens) {
                await visit(page, screen);
                for (const one of await axe.analyze(page, colorScheme === "dark" ? APPEARANCE : undefined))
                    found.set(`${one.id} (${one.impact}) on ${screen}, ${colorScheme}: ${one.target}`, one.impact);
            }
        }
        for (const text of found.keys()) console.log(`  axe: ${text}`);
        const bad = [...found].filter(([, impact]) => impact === "serious" || impact === "critical");
        console.log(
            `  axe: ${bad.length} serious or critical, ${found.size - bad.length} others on ${screens.length} screens, twice each`,
        );
        assert.deepEqual(bad, []);
    },

    "nothing is wider than a screen of 400 pixels": async ({ open, cards }) => {
        const page = await open("#/overview", { viewport: { width: 400, height: 800 } });
        for (const screen of [
            "overview",
            "cardholders",
            `cards/${cards[0].card}`,
            "consumptions",
            "transfers",
            `ledger/cardholder:${cards[0].holder}`,
            "requests",
            "requests/20",
            "webhooks",
            "faults",
            "snapshots",
        ]) {
            await visit(page, screen);
            const tooWide = await page.evaluate(() =>
                [...document.querySelectorAll("main *, header *")]
                    .filter(
                        (node) =>
                            !node.closest(".scroll, .tabs, svg, .chart, .skip") &&
                            node.getBoundingClientRect().right > innerWidth + 1,
                    )
                    .map((node) => `${node.tagName}.${node.getAttribute("class")}`),
            );
            assert.deepEqual(tooWide, [], screen);
        }
        await button(page, "Menu").click();
        await page.getByRole("link", { name: "Webhooks", exact: true }).click();
        await page.locator("h1", { hasText: "Webhooks" }).waitFor();
        await eventually(async () =>
            assert.equal(await page.locator(".side").evaluate((node) => getComputedStyle(node).visibility), "hidden"),
        );
    },

    "the screens for the documentation are drawn": async ({ open, cards, sandbox, pictures }) => {
        mkdirSync(pictures, { recursive: true });
        const { entries } = await sandbox.control("/console/data/requests");
        const lost = entries.find((entry) => entry[8] === "drop_after_commit")[0];
        const { attempts } = await sandbox.control("/console/data/webhooks");
        const webhook = attempts.find((one) => one.action === "Consumption").id;
        for (const [name, hash, options] of [
            ["overview", "#/overview", {}],
            ["card", `#/cards/${cards[0].card}`, {}],
            ["ledger", `#/ledger/cardholder:${cards[0].holder}`, {}],
            ["request", `#/requests/${lost}?outcome=faulty`, {}],
            ["webhook", `#/webhooks/${webhook}`, { colorScheme: "dark" }],
            ["overview-zh", "#/overview", { locale: "zh-CN", colorScheme: "dark" }],
            ["phone", `#/cards/${cards[0].card}`, { viewport: { width: 400, height: 860 } }],
        ]) {
            const page = await open(hash, { viewport: { width: 1280, height: 800 }, ...options });
            await page.locator("main .panel").first().waitFor();
            await page.waitForTimeout(300);
            await page.screenshot({ path: `${pictures}/${name}.png` });
            await page.close();
        }
    },
};
