// Builds the console into dist/, or, with --check, compares a build with the committed files.
import { build } from "esbuild";
import { readFile, writeFile, mkdir, readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const folder = new URL(".", import.meta.url);
/** The budget of all files together, compressed. */
const BUDGET = 150 * 1024;

const result = await build({
    absWorkingDir: folder.pathname,
    entryPoints: { console: "src/main.tsx" },
    bundle: true,
    minify: true,
    write: false,
    outdir: "dist",
    format: "esm",
    target: ["es2022"],
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
});
const files = new Map(result.outputFiles.map((file) => [file.path.split("/").at(-1), Buffer.from(file.contents)]));
for (const name of ["index.html", "icon.svg"]) files.set(name, await readFile(new URL(`src/${name}`, folder)));
files.set("LICENSES.txt", Buffer.from(await licences()));

const check = process.argv.includes("--check");
let isGood = true;
let compressed = 0;
for (const [name, content] of files) {
    const path = new URL(`dist/${name}`, folder);
    const zipped = gzipSync(content, { level: 9 }).length;
    compressed += zipped;
    console.log(`${name}: ${content.length} bytes, ${zipped} compressed`);
    if (check) {
        const committed = await readFile(path).catch(() => undefined);
        if (committed === undefined || !committed.equals(content)) {
            console.error(
                `dist/${name} does not match its source: run \`npm run build\` in sandbox/console and commit it`,
            );
            isGood = false;
        }
    } else {
        await mkdir(new URL("dist/", folder), { recursive: true });
        await writeFile(path, content);
    }
}
if (check) {
    for (const name of await readdir(new URL("dist/", folder))) {
        if (!files.has(name)) {
            console.error(`dist/${name} has no source`);
            isGood = false;
        }
    }
}
console.log(`all: ${compressed} bytes compressed, the budget is ${BUDGET}`);
if (compressed > BUDGET) {
    console.error("the console is over its budget");
    isGood = false;
}
process.exitCode = isGood ? 0 : 1;

/** The licences of the libraries in the bundle. */
async function licences() {
    const own = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
    const parts = [];
    for (const name of Object.keys(own.dependencies).sort()) {
        const root = new URL(`node_modules/${name}/`, folder);
        const { version, license } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
        const file = (await readdir(root)).find((entry) => /^licen[sc]e/i.test(entry));
        if (!file) throw new Error(`${name} has no licence file`);
        parts.push(`${name} ${version} (${license})\n\n${(await readFile(new URL(file, root), "utf8")).trim()}\n`);
    }
    return `The console contains these libraries.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
