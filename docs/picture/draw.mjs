// Draws the SOP's diagram with bpmn-js in a headless Chromium and writes it as an SVG beside the diagram.
// Exits with 1, and writes nothing, when bpmn-js finds anything to warn about.
// Wants `chromium` (or $CHROMIUM) and a font as wide as Arial (fonts-liberation): bpmn-js breaks lines by its measures.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const diagram = fileURLToPath(
  new URL("../../bpmn/penjenjangan-kinerja/penjenjangan-kinerja.bpmn", import.meta.url),
);
const modeler = createRequire(new URL("../../tests/designer/modeler/package.json", import.meta.url));
const picture = diagram.replace(/\.bpmn$/, ".svg");

// Runs in the browser; the answer waits in the page's title, which --dump-dom prints with the rest of the page.
async function draw(xml) {
  const answer = { warnings: [], svg: "" };
  try {
    const viewer = new BpmnJS({ container: "#canvas" });
    answer.warnings = (await viewer.importXML(xml)).warnings.map((warning) => warning.message);
    answer.svg = (await viewer.saveSVG()).svg;
  } catch (error) {
    answer.warnings = [error.message];
  }
  document.title = encodeURIComponent(JSON.stringify(answer));
}

function page(xml) {
  const library = modeler.resolve("bpmn-js/dist/bpmn-viewer.production.min.js");
  // "<" is written as an escape so that nothing in the diagram can end the script element.
  const argument = JSON.stringify(xml).replaceAll("<", "\\u003c");
  return `<!doctype html><meta charset="utf-8"><title></title><div id="canvas" style="width: 2000px; height: 1200px"></div>
<script>${readFileSync(library, "utf8")}</script><script>(${draw})(${argument})</script>`;
}

function render(html) {
  const folder = mkdtempSync(join(tmpdir(), "picture-"));
  try {
    writeFileSync(join(folder, "page.html"), html);
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
    flags.push("--disable-component-update", "--disable-sync", `--user-data-dir=${join(folder, "profile")}`);
    // Virtual time lets the page finish its promises before the DOM is printed.
    flags.push("--virtual-time-budget=10000", "--dump-dom", join(folder, "page.html"));
    const options = { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 };
    const dom = execFileSync(process.env.CHROMIUM ?? "chromium", flags, options);
    return JSON.parse(decodeURIComponent(/<title>(.+?)<\/title>/s.exec(dom)[1]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// A page in dark mode would swallow the black lines; bpmn-js leaves the background transparent and names markers at random.
function forReadme(svg) {
  const [left, top, width, height] = /viewBox="([^"]+)"/.exec(svg)[1].split(" ");
  const background = `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="white"/>`;
  const markers = [...svg.matchAll(/<marker id="([^"]+)"/g)].map(([, id]) => id);
  const named = markers.reduce((text, id, index) => text.replaceAll(id, `arrow-${index + 1}`), svg);
  return `${named.replace(/<svg[^>]*>/, (root) => root + background)}\n`;
}

const { warnings, svg } = render(page(readFileSync(diagram, "utf8")));
if (warnings.length > 0 || !svg) {
  console.error(`${diagram}: ${warnings.join("; ") || "nothing was drawn"}`);
  process.exit(1);
}
writeFileSync(picture, forReadme(svg));
console.log(`${picture}: drawn, no import warnings`);
