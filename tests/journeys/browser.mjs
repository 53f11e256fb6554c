// A real browser (Debian's chromium) and what every page is held to: reachable by keyboard and screen reader, light, looked at.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.COUNTERSIGN_PICTURES;
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };

/** Starts the browser; `hosts` maps names to addresses, as a hostile DNS server would. */
export function open(hosts = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      ...(hosts.length ? [`--host-resolver-rules=${hosts.map(([name, to]) => `MAP ${name} ${to}`).join(",")}`] : []),
    ],
  });
}

/** Holds one page to all it must keep, on a phone and a desk, light and dark, and keeps a picture of each. */
export async function look(page, name, { most = 100 * 1024 } = {}) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        // A picture is looked at by others: the words that recover an identity are covered.
        const mask = [page.locator("ol.words")];
        await page.screenshot({ path: join(pictures, `${name}-${size}-${colorScheme}.png`), fullPage: true, mask });
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) throw new Error(`${name} is ${wide} pixels too wide on a ${size}`);
      await accessible(page, `${name} (${size}, ${colorScheme})`);
    }
  }
  const bytes = await weight(page);
  if (bytes > most) throw new Error(`${name} weighs ${bytes} bytes of at most ${most}`);
}

// WCAG 2.2 AA, as far as a program can see it.
async function accessible(page, name) {
  // Through the debugger, not through a script element: the page's own policy stays in force.
  const found = await page.evaluate(`${axe};axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})`);
  if (found.violations.length === 0) return;
  const said = found.violations.map((one) => `  ${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  throw new Error(`${name} keeps people out:\n${said.join("\n")}`);
}

// What the page and all it needs weigh on the wire.
async function weight(page) {
  return page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, entry) => sum + (entry.transferSize || entry.encodedBodySize), 0));
}

/** Counts what a person does: a step is a page opened, a field filled or a button pressed. */
export class Steps {
  #steps = [];
  async do(what, action) {
    this.#steps.push(what);
    return action();
  }
  get count() { return this.#steps.length; }
  toString() { return this.#steps.map((step, at) => `  ${at + 1}. ${step}`).join("\n"); }
}
