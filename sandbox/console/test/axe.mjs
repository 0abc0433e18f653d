// Runs axe-core in a page.
import { readFileSync } from "node:fs";

export class AxeBuilder {
  constructor(path) {
    this.source = readFileSync(path, "utf8");
  }

  /** The violations, one entry for each kind. */
  async analyze(page) {
    await page.evaluate(this.source);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      target: nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`).join(" | "),
    }));
  }
}
