// Runs the tests of the console in Chromium. The last line is the total, as `20 passed, 0 failed`.
// Usage: node test/run.mjs [part of a name]
import { fileURLToPath } from "node:url";
import { launch, Sandbox } from "./harness.mjs";
import { flows } from "./flows.mjs";
import { quality } from "./quality.mjs";

const folder = fileURLToPath(new URL("../../../target/console", import.meta.url));
const pictures = process.env.CONSOLE_PICTURES ?? folder;
const wanted = process.argv[2] ?? "";
const browser = await launch();
const sandbox = await Sandbox.start();
sandbox.state = async () => (await fetch(`${sandbox.info.control_url}/state`)).json();
const cards = await sandbox.fill();
const leaks = [];
const problems = [];
let passed = 0;
let failed = 0;

const chosen = Object.entries({ ...flows, ...quality }).filter(([name]) => name.includes(wanted));
// The list of ten thousand requests would fill every picture.
chosen.sort(([one], [other]) => Number(one.includes("ten thousand")) - Number(other.includes("ten thousand")));
chosen.sort(([one], [other]) => Number(other.includes("documentation")) - Number(one.includes("documentation")));
for (const [name, test] of chosen) {
    const contexts = [];
    const context = async (options) => {
        const made = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US", ...options });
        made.setDefaultTimeout(15_000);
        contexts.push(made);
        made.on("request", (request) => {
            const { hostname, protocol } = new URL(request.url());
            if (hostname !== "127.0.0.1" && protocol !== "data:") leaks.push(`${name}: ${request.url()}`);
        });
        made.on("weberror", (error) => problems.push(`${name}: ${error.error().message}`));
        made.on("console", (message) => {
            if (message.type() === "error" && !/Failed to load resource|net::ERR/.test(message.text()))
                problems.push(`${name}: ${message.text()}`);
        });
        return made;
    };
    const others = [];
    const restartable = async (...options) => {
        const other = await Sandbox.start(...options);
        others.push(other);
        return other;
    };
    const open = async (hash, options = {}) => {
        const page = await (await context(options)).newPage();
        await page.goto(sandbox.url + hash);
        return page;
    };
    const started = Date.now();
    try {
        await test({ open, context, restartable, sandbox, cards, pictures });
        passed += 1;
        console.log(`ok ${name} (${Date.now() - started} ms)`);
    } catch (error) {
        failed += 1;
        console.log(`FAILED ${name}\n${error.stack}`);
        const page = contexts.at(-1)?.pages().at(-1);
        await page?.screenshot({ path: `${folder}/failed-${failed}.png` }).catch(() => undefined);
    }
    for (const one of contexts) await one.close();
    for (const other of others) if (other.child.exitCode === null) await other.stop();
}

/** One more test over everything that happened. */
function check(name, found) {
    if (wanted !== "") return;
    if (found.length === 0) passed += 1;
    else failed += 1;
    console.log(found.length === 0 ? `ok ${name}` : `FAILED ${name}\n${found.slice(0, 10).join("\n")}`);
}
check("no request leaves the machine", leaks);
check("no page reports an error or a violation of its content security policy", problems);

const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(sandbox.url);
await page.locator("main .panel").first().waitFor();
await page.reload();
const paint = await page.evaluate(
    () =>
        new Promise((resolve) => {
            new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime)).observe({
                type: "paint",
                buffered: true,
            });
        }),
);
console.log(`first paint: ${paint.toFixed(0)} ms`);

await browser.close();
await sandbox.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
