// A real browser (Debian's chromium) and what every page is held to: reachable by keyboard and screen reader, light, looked at.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.COUNTERSIGN_PICTURES;
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };

/** Starts the browser; `hosts` maps names to addresses, as a hostile DNS server would. */
export async function open(hosts = []) {
  const options = {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, TMPDIR: process.env.BROWSERS_TMPDIR },
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      ...(hosts.length ? [`--host-resolver-rules=${hosts.map(([name, to]) => `MAP ${name} ${to}`).join(",")}`] : []),
    ],
  };
  // One that dies before it is open says nothing about us.
  return chromium.launch(options).catch(() => chromium.launch(options));
}

/** Holds one page to all it must keep, on a phone and a desk, light and dark, by keyboard, and keeps a picture of each. */
export async function look(page, name, limits) {
  for (let again = 0; ; again += 1) {
    try {
      return await hold(page, name, limits);
    } catch (error) {
      // A page that waits for something looks again by itself, and may do so while it is held to all this.
      if (again >= 4 || !/Execution context was destroyed|page is navigating/.test(error.message)) throw error;
      await page.waitForLoadState();
    }
  }
}

async function hold(page, name, { most = 100 * 1024 } = {}) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        // A picture is looked at by others: the words that recover an identity are covered.
        const typed = page.locator('textarea[name$="words"]').filter({ hasText: /\w/ });
        const mask = [page.locator("ol.words"), typed];
        await page.screenshot({ path: join(pictures, `${name}-${size}-${colorScheme}.png`), fullPage: true, mask });
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) throw new Error(`${name} is ${wide} pixels too wide on a ${size}`);
      await accessible(page, `${name} (${size}, ${colorScheme})`);
    }
  }
  await byKeyboard(page, name);
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

// Whatever can be pressed, written in or opened is reached by Tab alone, and seen to be reached.
async function byKeyboard(page, name) {
  const missing = new Map(await page.evaluate(`(${listed})().map(({ which, html }) => [which, html])`));
  const most = 8 * missing.size + 16; // a day and a number have places of their own; a page may look again by itself
  await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
  for (let pressed = 0; pressed < most && missing.size > 0; pressed += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(`(${listed})().find(({ here }) => here)`);
    if (at?.seen) missing.delete(at.which); // the places inside of a date show themselves
  }
  if (missing.size > 0) throw new Error(`${name}: the keyboard does not reach, or nobody sees that it is at ${[...missing.values()].join(" | ")}`);
}

// Runs in the page. Of several of which one is chosen Tab reaches one, and arrows go on from there.
const listed = `function listed() {
  const pressed = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(pressed)]
    .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }))
    .map((one) => {
      const html = one.outerHTML.slice(0, 120);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const seen = outlineStyle === "auto" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
      return { which: one.type === "radio" ? "radio " + one.name : html, html, here: one === document.activeElement, seen };
    });
}`;

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
