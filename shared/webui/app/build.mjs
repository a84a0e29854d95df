// Builds the page: node build.mjs DIRECTORY. The same sources give the same
// bytes on every machine, which a test compares with what is committed.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs DIRECTORY");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none", // licenses.txt has them all
  metafile: true,
  logLevel: "warning",
});
const made = Object.keys(result.metafile.outputs).map((name) => name.split("/").at(-1));
const name = (extension) => made.find((file) => file.endsWith(extension));
const page = readFileSync(join(here, "index.html"), "utf8");
writeFileSync(join(out, "index.html"), page.replace("%STYLE%", name(".css")).replace("%SCRIPT%", name(".js")));
writeFileSync(join(out, "icon.svg"), readFileSync(join(here, "icon.svg")));
writeFileSync(join(out, "licenses.txt"), licenses(Object.keys(result.metafile.inputs)));

// licenses are those of all packages of which something is in the bundle.
function licenses(inputs) {
  const packages = new Set(inputs.flatMap((file) => file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []));
  const parts = [...packages].sort().map((name) => {
    const dir = join(here, "node_modules", name);
    const about = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    const file = readdirSync(dir).sort().find((file) => /^licen[cs]e/i.test(file));
    const text = file ? readFileSync(join(dir, file), "utf8") : "See https://spdx.org/licenses/" + about.license;
    return `${name} ${about.version} (${about.license})\n\n${text.replaceAll("\r\n", "\n").trim()}\n`;
  });
  return "The page of Pyrocumulus contains these packages.\n\n" + parts.join("\n" + "-".repeat(72) + "\n\n");
}
