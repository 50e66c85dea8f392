/*
 * Bundles what each page loads: node launcher/installation/bundle.mjs FOLDER
 *
 * Each script and each style sheet in static/{js,css}/pages becomes one file of FOLDER/{js,css}.
 * What a script imports with import() becomes a file of FOLDER/js/chunks.
 */
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const target = process.argv[2];
const options = {
  bundle: true,
  minify: true,
  sourcemap: true,
  legalComments: "linked",
  logLevel: "warning",
};

/** Bundle one page's script; each alone, so that no page needs a second file for what it shares. */
function script(name) {
  return build({
    ...options,
    entryPoints: [`static/js/pages/${name}`],
    outdir: `${target}/js`,
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    // Loaded only where needed, by the names of templates/includes/import_map.html.
    external: ["katex", "highlight.js"],
    // What tus-js-client takes from CommonJS: esbuild would put its helpers for that into a file that
    // every page with an import() loads first. Browsers have the same class.
    alias: { "url-parse": "data:text/javascript,export default URL" },
  });
}

function styleSheet(name) {
  return build({
    ...options,
    entryPoints: [`static/css/pages/${name}`],
    outdir: `${target}/css`,
    external: ["*.woff2"],
  });
}

await Promise.all([
  ...readdirSync("static/js/pages").map(script),
  ...readdirSync("static/css/pages").map(styleSheet),
]);
