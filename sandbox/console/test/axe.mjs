// Runs axe-core in a page.
import { readFileSync } from "node:fs";

export class AxeBuilder {
    constructor(path) {
        this.source = readFileSync(path, "utf8");
    }

    /** The violations of these rules, or of all; one entry for each kind. */
    async analyze(page, rules) {
        await page.evaluate(this.source);
        const options = { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) };
        const { violations } = await page.evaluate((given) => window.axe.run(document, given), options);
        return violations.map(({ id, impact, nodes }) => ({
            id,
            impact,
            target: nodes
                .slice(0, 3)
                .map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`)
                .join(" | "),
        }));
    }
}
