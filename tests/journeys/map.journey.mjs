// A developer: the live map of a network, with every button pressed and every effect seen, on the page and by command.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { look, open } from "./browser.mjs";
import { press } from "./home.mjs";
import { until } from "./network.mjs";

const run = promisify(execFile);

export async function journey(network) {
  const browser = await open();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await entrance(page, network);
    await look(page, "map");
    await killed(page, network);
    await shop(page, network);
    await cut(page, network);
    await claims(page, network);
    await bad(page, network);
    await look(page, "map-after");
    await places(page, context);
    await without(browser, network);
  } finally {
    await browser.close();
  }
}

/** Runs a `ctl` command over this very network. */
async function ctl(network, ...args) {
  const { stdout } = await run(network.program, ["ctl", "--json", "--folder", network.folder, ...args]);
  return JSON.parse(stdout);
}

/** The code counts once, and without one there is no map. */
async function entrance(page, network) {
  const front = new URL("/", network.page).href;
  await page.goto(front);
  await look(page, "map-entrance");
  await page.goto(network.page);
  assert.match(await page.title(), /The network on this computer/);
  const map = page.url();
  const other = await page.context().browser().newContext();
  const stranger = await other.newPage();
  assert.equal((await stranger.goto(network.page)).status(), 403, "the code counts once");
  assert.equal((await stranger.goto(map)).status(), 401, "the map is shown to whoever has the session");
  await other.close();
}

const drawn = (page) => page.locator("svg.map").getAttribute("aria-label");
const row = (page, name) => page.locator("#nodes tr", { has: page.getByRole("button", { name: new RegExp(`(Kill|Start) ${name}$`) }) });
/** Looks at the page again until every node runs: one that started a moment ago may not have said so. */
async function allRun(page) {
  await until("every node to run", async () => {
    if (/12 of 12 nodes run/.test(await drawn(page))) return true;
    await page.reload();
  });
}

const said = (page) => page.locator(".notice").nth(1).innerText();

/** A node is killed and comes back; the page and the command agree. */
async function killed(page, network) {
  await allRun(page);
  await press(page, "Kill second");
  assert.match(await said(page), /second was killed/);
  assert.match(await drawn(page), /Not running: second/);
  assert.match(await row(page, "second").innerText(), /killed/);
  const status = await ctl(network, "status");
  assert.equal(status.nodes.find((node) => node.name === "second").state, "stopped");
  await press(page, "Start second");
  await allRun(page);
}

/** The shop is ended and started like a node, and comes back where it was, also when its vendor's node starts again. */
async function shop(page, network) {
  const { url } = network.member("shop");
  const title = async () => (await (await fetch(url)).text()).match(/<title>([^<]*)/)[1];
  assert.match(await title(), /lamp/);
  await press(page, "Kill shop");
  assert.match(await said(page), /shop was killed/);
  assert.match(await row(page, "shop").innerText(), /killed/);
  assert.equal((await ctl(network, "status")).shop.state, "stopped");
  await assert.rejects(title());
  await assert.rejects(ctl(network, "kill", "shop"), (error) => /shop does not run/.test(error.stdout));
  await ctl(network, "start", "shop");
  assert.match(await title(), /lamp/);
  await ctl(network, "kill", "berlin");
  await ctl(network, "start", "berlin");
  const bought = await fetch(new URL("orders", url), { method: "POST", redirect: "manual" });
  assert.equal(bought.status, 303, await bought.text());
  await page.reload();
}

/** The network is cut: what one half says the other does not hear, until it is healed. */
async function cut(page, network) {
  await press(page, "Cut the network in two");
  assert.match(await drawn(page), /cut in two/);
  await look(page, "map-cut");
  const halves = await ctl(network, "status");
  const half = Object.fromEntries(halves.nodes.map((node) => [node.name, node.half]));
  assert.ok(halves.links.length > 0);
  for (const [one, two] of halves.links) assert.equal(half[one], half[two], `${one} and ${two} are connected`);
  // East is in the first half, where two of three witnesses are; what it says stays there.
  await press(page, "Have a claim signed"); // the first customer and the first attestor: Anna and East
  assert.match(await said(page), /anna signed in as .* and east signed/);
  await ctl(network, "revoke", "east");
  const taken = async () => (await ctl(network, "status")).news.find((news) => news.who === "east" && /taken back/.test(news.what));
  const news = await until("East's statement to be heard", taken);
  const own = await until("every node of its half to hear it", async () => {
    const { heardBy } = await taken();
    return heardBy.length >= 5 && heardBy;
  });
  for (const name of own) assert.equal(half[name], half.east, `${name} heard ${news.what} across the cut`);
  await page.reload();
  await press(page, "Heal the network");
  assert.match(await drawn(page), /whole/);
  await until("the other half to hear what it missed", async () => (await taken()).heardBy.some((name) => half[name] !== half.east));
}

/** A claim is signed and revoked, and each travels. */
async function claims(page, network) {
  await ctl(network, "attest", "ben", "--from", "south");
  await page.getByLabel("Attestor").last().selectOption("south");
  await press(page, "Revoke");
  assert.match(await said(page), /south took back what it said about ben/);
  // The page hears of it by itself.
  await page.locator("#news", { hasText: /south: number \d+, one claim taken back/ }).waitFor();
  await press(page, "Revoke");
  assert.match(await said(page), /No claim of/);
}

/** Those who keep no rules: a thief and a flood. */
async function bad(page, network) {
  await page.getByLabel("Whose").selectOption("anna");
  await press(page, "Fork a log");
  // The deed waits for a while; whoever hears of it later is asked again.
  assert.match(await said(page), /\d+ of 12 nodes hold the proof/);
  await until("12 of 12 nodes to hold the proof", async () => {
    await page.reload();
    const { nodes } = await ctl(network, "status");
    const shown = await Promise.all(nodes.map(({ name }) => row(page, name).innerText()));
    return nodes.length === 12 && nodes.every(({ forks }) => forks > 0) && shown.every((row) => /, \d+ proofs?/.test(row));
  });
  await page.locator("#news", { hasText: "Proof of a fork of anna" }).waitFor();
  await press(page, "Flood a node");
  assert.match(await said(page), /too much from one peer/);
  await assert.rejects(ctl(network, "kill", "nobody"), (error) => /nobody here is called nobody/.test(error.stdout));
}

/** Every way from the map leads into somebody's pages. */
async function places(page, context) {
  for (const [name, title] of [["The home of anna", /Countersign/], ["The pages of berlin", /Countersign/], ["The desk of north", /./], ["What is public of north", /./], ["Open the provider", /SIMULATED/]]) {
    const opening = context.waitForEvent("page");
    await page.getByRole("link", { name }).click();
    const place = await opening;
    await place.waitForLoadState();
    assert.match(await place.title(), title);
    assert.ok(!/locked|refused/i.test(await place.locator("h1").first().innerText()), `${name} is open`);
    await place.close();
  }
}

/** Without a script every button does the same. */
async function without(browser, network) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto((await ctl(network, "open")).url);
  await press(page, "Kill wolf");
  assert.match(await said(page), /wolf was killed/);
  await press(page, "Start wolf");
  await allRun(page);
  await context.close();
}
