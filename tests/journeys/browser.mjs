// A real browser (Debian's chromium) and what every page is held to: reachable by keyboard and screen reader, light, looked at.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.COUNTERSIGN_PICTURES;
export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
// A picture is looked at by others: whatever lets somebody in or recovers an identity is covered.
const COVERED = [
  "ol.words", "textarea[name$='words']", "input[name=code]",
  "#link", "svg.qr:has(+ .field #link)", ".field:has(#link) + details .facts", // a phone's way in
].join(", ");
// How long anything is waited for, in milliseconds: a busy computer of two cores takes its time.
export const PATIENCE = 180_000;
const MOST_MS = 50, TRIES = 20;
// How the page that is shown was asked for: with GET, or by a form.
const asked = new WeakMap();
// Whether the page that is shown looks again by itself.
const restless = new WeakMap();
const secrets = new Set();

/** Says what no picture may show. Of words that recover an identity three in a row are too many. */
export function secret(text) {
  const words = text.split(/\s+/);
  if (words.length < 24) secrets.add(text);
  else words.slice(2).forEach((word, at) => secrets.add(`${words[at]} ${words[at + 1]} ${word}`));
}

/** Starts the browser; `hosts` maps names to addresses, as a hostile DNS server would. */
export async function open(hosts = []) {
  const options = {
    timeout: PATIENCE,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, TMPDIR: process.env.BROWSERS_TMPDIR },
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      ...(hosts.length ? [`--host-resolver-rules=${hosts.map(([name, to]) => `MAP ${name} ${to}`).join(",")}`] : []),
    ],
  };
  // One that dies before it is open says nothing about us.
  const browser = await chromium.launch(options).catch(() => chromium.launch(options));
  const begin = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await begin(options);
    context.setDefaultTimeout(PATIENCE);
    context.setDefaultNavigationTimeout(PATIENCE);
    const shown = (page, request) => request.resourceType() === "document" && request.frame() === page.mainFrame();
    context.on("page", (page) => {
      page.on("request", (request) => { if (shown(page, request)) asked.set(page, request.method()); });
      page.on("response", (response) => { if (shown(page, response.request())) restless.set(page, "refresh" in response.headers()); });
    });
    return context;
  };
  return browser;
}

/** Holds one page to all it must keep, on a phone and a desk, light and dark, by keyboard, and keeps a picture of each. */
export async function look(page, name, limits) {
  if (restless.get(page)) await still(page, () => hold(page, name));
  else await patiently(page, () => hold(page, name));
  await patiently(page, () => light(page, name, limits));
}

/** Does something again that a page interrupted by going on to another. */
async function patiently(page, work) {
  for (let again = 0; ; again += 1) {
    try {
      return await work();
    } catch (error) {
      // Then it is the looking that failed, and not the page.
      if (again >= 4 || !/^page\.(evaluate|screenshot|reload):|page is navigating/.test(error.message)) throw error;
      await page.waitForLoadState();
    }
  }
}

/** Does something while a page that looks again by itself does not: it is asked for once more, and comes without the line that says so. */
async function still(page, work) {
  const session = await page.context().newCDPSession(page);
  session.on("Fetch.requestPaused", ({ requestId, responseStatusCode: responseCode, responseHeaders = [] }) => {
    const kept = responseHeaders.filter(({ name }) => name.toLowerCase() !== "refresh");
    const answer = responseCode ? { requestId, responseCode, responseHeaders: kept } : { requestId };
    session.send(responseCode ? "Fetch.continueResponse" : "Fetch.continueRequest", answer).catch(() => {}); // the page left
  });
  await session.send("Fetch.enable", { patterns: [{ resourceType: "Document", requestStage: "Response" }] });
  try {
    await patiently(page, () => page.reload()); // it may be about to look again
    await work();
  } finally {
    await session.send("Fetch.disable");
    await session.detach();
    await patiently(page, () => page.reload());
  }
}

async function hold(page, name) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        await page.screenshot({ path: join(pictures, `${name}-${size}-${colorScheme}.png`), fullPage: true, mask: [page.locator(COVERED)] });
      }
      await fits(page, name, size);
      await accessible(page, `${name} (${size}, ${colorScheme})`);
    }
    await unfolded(page, async () => {
      await fits(page, `${name}, unfolded,`, size);
      await accessible(page, `${name} (${size}, unfolded)`);
    });
  }
  const seen = await shown(page);
  if (seen.length) throw new Error(`a picture of ${name} would show ${seen.length} secrets`);
  await byKeyboard(page, name);
}

/** Holds one page to how much it may weigh, and says if it is slow. */
async function light(page, name, { most = 100 * 1024 } = {}) {
  await timed(page, name);
  const bytes = await weight(page);
  if (bytes > most) throw new Error(`${name} weighs ${bytes} bytes of at most ${most}`);
}

async function fits(page, name, size) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) throw new Error(`${name} is ${wide} pixels too wide on a ${size}`);
}

/** Holds the page to something else with all that can be unfolded shown, if anything can. */
async function unfolded(page, hold) {
  const folded = await page.evaluate(() => {
    const folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
    return (globalThis.folded = folded).length;
  });
  if (folded === 0) return;
  await hold();
  await page.evaluate(() => { for (const one of globalThis.folded) one.open = false; });
}

/** Gives the secrets that a picture of the page would show, also where something is unfolded; what is `covered` it does not. */
export function shown(page, covered = COVERED) {
  return page.evaluate(([secrets, covered]) => {
    const bare = (one) => !covered || !one.closest(covered);
    const texts = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (bare(walk.currentNode.parentElement)) texts.push(walk.currentNode.data);
    for (const one of document.querySelectorAll("input:not([type=password]):not([type=hidden]), textarea")) if (bare(one)) texts.push(one.value);
    const all = texts.join(" ").replace(/\s+/g, " ");
    return secrets.filter((secret) => all.includes(secret));
  }, [[...secrets], covered]);
}

/** Says of a page that is slower than it should be how long it took; it is asked for again before, where that does nothing. */
async function timed(page, name) {
  const took = () => page.evaluate(() => {
    const [{ requestStart, responseEnd }] = performance.getEntriesByType("navigation");
    return responseEnd - requestStart;
  });
  // What a form did took as long as it takes, and an address that carries something may count once.
  if (asked.get(page) !== "GET" || new URL(page.url()).search) return;
  let best = await took();
  for (let tries = 1; tries < TRIES && best > MOST_MS; tries += 1) {
    await page.reload();
    best = Math.min(best, await took());
  }
  // No more than said: the computer may be busy with something else. `bench` measures it.
  if (best > MOST_MS) console.log(`  ${name} took ${best.toFixed(0)} ms, and is to take ${MOST_MS}`);
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
  const most = 8 * missing.size + 16; // a day and a number have places of their own
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

// Whose presses are counted, by the browser's context.
const counting = new WeakMap();

/** Counts the press that ends a screen, if its person's are counted. */
export function pressed(page, what) {
  counting.get(page.context())?.add(what);
}

/**
 * Counts what a person does. A step is one line typed at a terminal, or one screen, ours or somebody else's, that goes on by one
 * press of hers: all she fills in and ticks on it belongs to that step, and a screen that only says something is one, too.
 */
export class Steps {
  #steps = [];
  async do(what, action) {
    this.#steps.push(what);
    return action();
  }
  /** Counts every press in a context from now on, until it is told not to. */
  follow(context) { counting.set(context, this); }
  unfollow(context) { counting.delete(context); }
  add(what) { this.#steps.push(what); }
  get count() { return this.#steps.length; }
  toString() { return this.#steps.map((step, at) => `  ${at + 1}. ${step}`).join("\n"); }
}
