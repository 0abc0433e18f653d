// What the tests do with pages.
export const wait = (page, text) => page.getByText(text, { exact: false }).first().waitFor({ timeout: 15_000 });
export const row = (page, text) => page.locator(".list-body .row", { hasText: text }).first();
export const button = (page, name) => page.getByRole("button", { name, exact: true });
/** Submits the form of the open dialog. */
export const submit = (page) => page.locator("dialog[open] button[type=submit]").click();
/** Waits until the page shows another row than that one: what an action made. */
export const leaves = (page, no) => page.waitForURL((url) => !url.hash.endsWith(no), { timeout: 15_000 });
/** Waits until the page asserts it. */
export async function eventually(check) {
    for (let tries = 0; ; tries++) {
        try {
            return await check();
        } catch (error) {
            if (tries > 100) throw error;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }
}

/** The rules of axe whose result depends on colours and width. */
export const APPEARANCE = [
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
    "button-name",
    "label",
];

/** Goes to another screen of an open page. */
export async function visit(page, screen) {
    await page.evaluate((hash) => void (location.hash = hash), `#/${screen}`);
    await page.locator("main :is(.panel, .list, .detail-head):visible").first().waitFor();
}
