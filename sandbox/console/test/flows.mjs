// What a merchant's developer does with the console, in a real browser.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { button, eventually, leaves, row, submit, wait } from "./page.mjs";

/** The function that writes the lines of code. */
async function lines() {
    const built = await build({
        entryPoints: [fileURLToPath(new URL("../src/sdk.ts", import.meta.url))],
        bundle: true,
        write: false,
        format: "esm",
    });
    const text = Buffer.from(built.outputFiles[0].contents).toString("base64");
    return (await import(`data:text/javascript;base64,${text}`)).code;
}

export const flows = {
    "a cardholder is created pending, reviewed, rejected and approved": async ({ open, sandbox }) => {
        const page = await open("#/cardholders");
        await button(page, "New cardholder").click();
        await page.getByLabel("Merchant reference").fill("user-browser");
        await page.getByLabel("Verification").selectOption("documents");
        await submit(page);
        await page.locator(".detail-head", { hasText: "Pending" }).waitFor();
        await button(page, "Start review").click();
        await page.locator(".detail-head", { hasText: "In_progress" }).waitFor();
        await button(page, "Reject").click();
        await page.getByLabel("Reason of the rejection").fill("blurred <b>photo</b>");
        await submit(page);
        await page.locator(".detail-head", { hasText: "Rejected" }).waitFor();
        await wait(page, "blurred <b>photo</b>");
        await button(page, "Approve").click();
        await page.locator(".detail-head", { hasText: "Approved" }).waitFor();
        assert.match(page.url(), /#\/cardholders\/\d+/);
        const { cardholders } = await sandbox.state();
        assert.equal(cardholders.find((one) => one.cardholder_unique_no === "user-browser").status, "Approved");
    },

    "a physical card is issued, activated, gets a PIN, is frozen and deleted": async ({ open, sandbox }) => {
        const holder = (await sandbox.control("/seed/approved_cardholder")).cardholder_no;
        const page = await open(`#/cardholders/${holder}`);
        await button(page, "New card").click();
        await page
            .getByLabel("Package or BIN")
            .selectOption({ label: await page.locator("option", { hasText: "(Physical)" }).first().textContent() });
        await submit(page);
        await page.locator(".detail-head", { hasText: "ToActivate" }).waitFor();
        assert.match(await page.locator(".lifecycle").getAttribute("aria-label"), /ToActivate/);
        await button(page, "Activate").click();
        await page.locator(".detail-head", { hasText: "Activated" }).waitFor();
        await button(page, "Set PIN").click();
        await page.getByLabel("PIN, six digits").fill("111111");
        await submit(page);
        assert.match(await page.locator("dialog [role=alert]").textContent(), /4016/);
        await page.getByLabel("PIN, six digits").fill("246810");
        await submit(page);
        await page.locator("dialog[open]").waitFor({ state: "detached" });
        await button(page, "Freeze").click();
        await page.locator(".detail-head", { hasText: "Frozen" }).waitFor();
        await button(page, "Unfreeze").click();
        await page.locator(".detail-head", { hasText: "Activated" }).waitFor();
        await button(page, "Delete").click();
        await wait(page, "Delete this card for good?");
        await submit(page);
        await page.locator(".detail-head .badge", { hasText: "Delete" }).waitFor();
    },

    "the card number is masked until it is revealed by a POST": async ({ open, sandbox, cards }) => {
        const calls = [];
        const page = await open(`#/cards/${cards[0].card}`);
        page.on("request", (request) => calls.push(`${request.method()} ${new URL(request.url()).pathname}`));
        const { pan, cvv } = await sandbox.control("/cards/secrets_for_tests", { card_no: cards[0].card });
        await page.locator(".face").waitFor();
        assert.ok(!(await page.content()).includes(pan));
        assert.ok(!calls.some((call) => call.includes("secrets")));
        await button(page, "Reveal").click();
        await eventually(async () =>
            assert.equal((await page.locator(".face .pan").textContent()).replaceAll(" ", ""), pan),
        );
        assert.ok((await page.locator(".face").textContent()).includes(cvv));
        assert.ok(calls.includes("POST /cards/secrets_for_tests"));
        await button(page, "Hide").click();
        await eventually(async () => assert.ok(!(await page.content()).includes(pan)));
    },

    "a purchase is authorized, cleared, refunded and found in the ledger": async ({ open, cards }) => {
        const page = await open("#/consumptions");
        await button(page, "New purchase").click();
        await page.locator("dialog").getByLabel("Card", { exact: true }).selectOption(cards[0].card);
        await page.getByLabel("Amount (USD)").fill("30.00");
        await page.getByLabel("Merchant", { exact: true }).fill("Browser Books");
        await submit(page);
        await page.locator(".detail-head", { hasText: "Pending" }).waitFor();
        const no = page.url().split("/").at(-1);
        await button(page, "Clear").click();
        await page.getByLabel("Amount").fill("28.40");
        await submit(page);
        await page.locator(".detail-head", { hasText: "Success" }).waitFor();
        await wait(page, "28.40");
        await page.locator(".split-detail a", { hasText: "Cardholder" }).first().click();
        await page.locator(".detail-head", { hasText: cards[0].holder }).waitFor();
        await page
            .locator("td", { hasText: `hold …${no.slice(-6)}` })
            .first()
            .waitFor();
        await page.goto(page.url().replace(/#.*/, `#/consumptions/${no}`));
        await button(page, "Refund").click();
        await page.getByLabel("Amount").fill("8.40");
        await submit(page);
        await leaves(page, no);
        await eventually(async () => assert.match(await page.locator(".detail-head").textContent(), /8\.40.*Success/));
        await page.goto(page.url().replace(/#.*/, "#/ledger"));
        await page.locator(".sum .good", { hasText: "0.00" }).waitFor();
    },

    "a purchase can fail or be reversed, and a declined one says why": async ({ open, cards }) => {
        const page = await open(`#/cards/${cards[1].card}`);
        for (const [action, status] of [
            ["Fail", "Fail"],
            ["Reverse", "Success"],
        ]) {
            await page.goto(page.url().replace(/#.*/, `#/cards/${cards[1].card}`));
            await button(page, "New purchase").click();
            await page.getByLabel("Amount (USD)").fill("9.90");
            await submit(page);
            await page.locator(".detail-head", { hasText: "Pending" }).waitFor();
            const no = page.url().split("/").at(-1);
            await button(page, action).click();
            await submit(page);
            if (action === "Reverse") await leaves(page, no);
            await page.locator(".detail-head .badge", { hasText: status }).waitFor();
        }
        await page.goto(page.url().replace(/#.*/, `#/cards/${cards[1].card}`));
        await button(page, "New purchase").click();
        await page.getByLabel("Amount (USD)").fill("99999.00");
        await submit(page);
        await wait(page, "The purchase was declined: insufficient balance");
    },

    "a transfer is made and its reference is sent again": async ({ open, sandbox, cards }) => {
        const page = await open("#/transfers");
        await button(page, "New transfer").click();
        await page.locator("dialog").getByLabel("Cardholder").selectOption(cards[2].holder);
        await page.getByLabel("Amount (USD)").fill("1.005");
        await submit(page);
        assert.match(await page.locator("dialog [role=alert]").textContent(), /1004/);
        await page.getByLabel("Amount (USD)").fill("55.50");
        await page.locator("dialog").getByLabel("Merchant reference").fill("browser-1");
        await submit(page);
        await page.locator(".detail-head", { hasText: "+55.50" }).waitFor();
        await button(page, "Send the same reference again").click();
        await page.getByLabel("Amount (USD)").fill("55.50");
        await submit(page);
        await eventually(async () => {
            const { transfers } = await sandbox.state();
            assert.equal(transfers.filter((one) => one.transfer_unique_no === "browser-1").length, 2);
        });
    },

    "requests arrive live, with headers, bodies, curl and four SDKs": async ({ open, sandbox, cards }) => {
        const page = await open("#/requests?operation=accounts.transfer");
        await row(page, "accounts.transfer").waitFor();
        await sandbox.call("POST", "/v1/account/transfer", {
            cardholder_no: cards[0].holder,
            transfer_unique_no: "live-1",
            type: "In",
            balance: "12.00",
        });
        await eventually(async () => {
            await row(page, "accounts.transfer").click();
            assert.match(await page.locator(".split-detail").textContent(), /live-1/);
        });
        const detail = page.locator(".split-detail");
        await detail.locator("th", { hasText: "User-Agent" }).waitFor();
        const text = await detail.textContent();
        assert.ok(text.includes("shop/1.0") && text.includes("***") && !text.includes(sandbox.token));
        for (const [tab, expected] of [
            ["curl", /curl -X POST 'http:\/\/127\.0\.0\.1:\d+\/open-api\/v1\/account\/transfer'/],
            ["Rust", /client\.accounts\(\)\.transfer\(&Transfer \{/],
            ["Python", /client\.accounts\.transfer\(/],
            ["Kotlin", /client\.accounts\(\)\.transfer\(/],
            ["Swift", /try await client\.accounts\.transfer\(/],
        ]) {
            await page.getByRole("tab", { name: tab }).click();
            assert.match(await page.locator("#snippet").textContent(), expected);
        }
        await page.goBack();
        assert.match(page.url(), /operation=accounts\.transfer/);
    },

    "texts of callers stay literals in the lines of code": async ({ sandbox }) => {
        const code = await lines();
        const { operations } = await sandbox.control("/console/data/info");
        const address = { base_url: "http://127.0.0.1:1", control_url: "http://127.0.0.1:2" };
        const evil = "x'\"\\\n\f$(evil)${evil()}\\(evil()); evil()";
        const fields = { type: evil, status: evil, card_type: evil, balance: evil, amount: [evil], remark: evil };
        const body = JSON.stringify({
            ...fields,
            start_time: evil,
            end_time: evil,
            constructor: evil,
            nested: { name: evil },
            [evil]: 1,
            merchant_info: { ...fields, [evil]: evil },
            list: [evil],
        });
        for (const { operation, method, path } of operations) {
            const detail = {
                record: { operation, method, path, body: method === "GET" ? "" : body },
                exchange: { path: path.replace("{}", evil), headers: [["Timezone", evil]] },
            };
            assert.doesNotMatch(
                code(detail, "curl", address).replace(/'[^']*'|\\'/g, ""),
                /evil/,
                `${operation} by curl`,
            );
            for (const language of ["rust", "python", "kotlin", "swift"]) {
                const line = code(detail, language, address);
                const literals = line.match(/"(?:[^"\\]|\\[^])*"/g) ?? [];
                const rest = literals.reduce((left, literal) => left.replace(literal, ""), line);
                assert.doesNotMatch(rest, /evil|native/, `${operation} in ${language}: ${line}`);
                for (const literal of literals) {
                    const plain = literal.replace(/\\u\{?[0-9a-f]{4}\}?|\\[nrt"\\$]/g, "");
                    assert.doesNotMatch(plain, language === "kotlin" ? /[\\$]/ : language === "python" ? /\n/ : /\\/);
                }
            }
        }
    },

    "the lines of code name calls that every SDK has": async ({ sandbox }) => {
        const code = await lines();
        const names = new Set(
            readFileSync(new URL("../../../docs/parity.md", import.meta.url), "utf8").match(/\w+(::|\.)\w+/g),
        );
        const { operations } = await sandbox.control("/console/data/info");
        const address = { base_url: "http://127.0.0.1:1", control_url: "http://127.0.0.1:2" };
        const body = JSON.stringify({
            card_no: "1",
            status: "Frozen",
            type: "In",
            balance: "1.00",
            cvv: "***",
            start_time: "2026-01-01",
            end_time: "2026-01-31 23:59:59",
        });
        const python = [];
        for (const { operation, method, path } of operations) {
            const sent = path.replace("{}", "17");
            const detail = {
                record: { operation, method, path, body: method === "GET" ? "" : body },
                exchange: { path: sent, headers: [] },
            };
            assert.ok(code(detail, "curl", address).includes(address.base_url + sent));
            const [resource, call] = operation === "token" ? ["", "access_token"] : operation.split(".");
            const type = resource ? resource[0].toUpperCase() + resource.slice(1) : "Client";
            for (const [language, start, separator] of [
                ["rust", "client.", "::"],
                ["python", "client.", "."],
                ["kotlin", "client.", "."],
                ["swift", "try ", "."],
            ]) {
                const line = code(detail, language, address);
                assert.ok(line?.startsWith(start), `${operation} in ${language}: ${line}`);
                const [, name] = /client\.(?:\w+(?:\(\))?\.)?(\w+)\(/.exec(line);
                const of = language === "swift" && type === "Pci" ? "PCI" : type;
                assert.ok(names.has(`${of}${separator}${name}`), `${language} has no ${of}${separator}${name}`);
                if (language === "python") python.push(line);
                if (language !== "swift")
                    assert.equal(name.toLowerCase().replaceAll("_", ""), call.replaceAll("_", ""));
            }
        }
        const parsed = spawnSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], {
            input: python.join("\n"),
            encoding: "utf8",
        });
        assert.equal(parsed.status, 0, parsed.stderr);
    },

    "a fault is planned by operation and ordinal, and fires": async ({ open, sandbox, cards }) => {
        const page = await open("#/faults");
        await page.getByLabel("Operation").selectOption("cards.get");
        await page.getByLabel("Kind").selectOption("code");
        await page.getByLabel("Affects request number").fill("2");
        await page.getByLabel("Value (code)").fill("1009");
        await page.locator("form button[type=submit]").click();
        await page.locator(".rows li", { hasText: "code 1009" }).first().waitFor();
        const get = () => sandbox.call("GET", `/v1/card/${cards[0].card}/detail`);
        assert.equal((await get()).code, 0);
        assert.equal((await get()).code, 1009);
        await page.locator(".rows li", { hasText: "1 of 1 fired" }).first().waitFor();
        await button(page, "Remove all").click();
        await wait(page, "No faults are planned.");
    },

    "a webhook shows its attempts and signed text, and is redelivered": async ({ open, sandbox, cards }) => {
        const received = [];
        let code = 1;
        const shop = createServer((request, response) => {
            const parts = [];
            request.on("data", (part) => parts.push(part));
            request.on("end", () => {
                received.push(JSON.parse(Buffer.concat(parts)));
                response.end(JSON.stringify({ code, message: code ? "not now" : "" }));
            });
        });
        await new Promise((resolve) => shop.listen(0, "127.0.0.1", resolve));
        try {
            const page = await open("#/webhooks");
            await button(page, "Settings").click();
            await page.getByLabel("URL").fill(`http://127.0.0.1:${shop.address().port}/hooks`);
            await submit(page);
            await page.locator(".strip", { hasText: "/hooks" }).waitFor();
            await sandbox.call("POST", "/v1/card/status/update", { card_no: cards[2].card, status: "Frozen" });
            await page.locator(".list-body .row", { hasText: "Waiting" }).first().click();
            const detail = page.locator(".split-detail");
            await detail.locator("p.error", { hasText: "code 1: not now" }).waitFor();
            await detail
                .getByText(/after_status=Frozen&appId=.*&before_status=Activated/)
                .first()
                .waitFor();
            assert.match(await detail.textContent(), /Java HashMap/);
            code = 0;
            await button(page, "Redeliver").click();
            await detail.locator("summary", { hasText: "Attempt 2" }).locator(".good").waitFor();
            assert.equal(received.length, 2);
            assert.equal(received[0].id, received[1].id);
            await sandbox.call("POST", "/v1/card/status/update", { card_no: cards[2].card, status: "Activated" });
        } finally {
            await sandbox.control("/callbacks/settings", { url: `${sandbox.info.control_url}/callbacks/sink` });
            shop.close();
        }
    },

    "snapshots are taken, compared and restored": async ({ open, sandbox, cards }) => {
        const page = await open("#/snapshots");
        await button(page, "Take a snapshot").click();
        await wait(page, "No differences");
        await sandbox.call("POST", "/v1/account/transfer", {
            cardholder_no: cards[0].holder,
            transfer_unique_no: "after-snapshot",
            type: "In",
            balance: "7.00",
        });
        await page.locator("h3", { hasText: "Transfers" }).waitFor();
        await page.locator("td", { hasText: "+7.00" }).first().waitFor();
        await button(page, "Restore").click();
        await submit(page);
        await wait(page, "No differences");
    },

    "the clock is frozen, moved and shown live in another tab": async ({ open, sandbox }) => {
        const page = await open("#/overview");
        const other = await open("#/overview");
        await button(page, "Freeze").click();
        await other.locator(".top .badge", { hasText: "frozen" }).waitFor();
        const before = (await (await fetch(`${sandbox.info.control_url}/clock`)).json()).now_ms;
        await page.getByLabel("By", { exact: true }).fill("2");
        await page.getByLabel("Unit").selectOption("day");
        await button(page, "Move the clock").click();
        await eventually(async () => {
            const now = (await (await fetch(`${sandbox.info.control_url}/clock`)).json()).now_ms;
            assert.equal(now - before, 2 * 86_400_000);
        });
        await page.getByLabel("Direction").selectOption("rewind");
        await button(page, "Move the clock").click();
        await eventually(async () =>
            assert.equal((await (await fetch(`${sandbox.info.control_url}/clock`)).json()).now_ms, before),
        );
        await button(page, "Let it run").click();
        await other.locator(".top .badge", { hasText: "frozen" }).waitFor({ state: "detached" });
    },
};
