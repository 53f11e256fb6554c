// A vendor's engineer: the example shop, in both languages, sells to its customer and turns the others away, saying why.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { look, open } from "./browser.mjs";
import { follow, press, signedIn } from "./home.mjs";
import { until } from "./network.mjs";

const examples = join(import.meta.dirname, "../../examples/shop");
export const SHOPS = {
  python: ["python3", join(examples, "shop.py")],
  typescript: [newestNode(), join(examples, "shop.ts")],
};

/** TypeScript needs Node 22.18; the pinned one is there for machines with an older one. */
function newestNode() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major >= 23) return process.execPath;
  const folder = dirname(createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`));
  return join(folder, "bin/node");
}

export async function journey(network) {
  const browser = await open();
  try {
    const token = (await network.command("berlin", "token", "new", "--scope", "check", "--name", "shop")).trim().split("\n").at(-1);
    await network.signIn(browser, "anna", "north");
    await network.signIn(browser, "anna", "south");
    await fromTheMap(network, browser);
    for (const [language, program] of Object.entries(SHOPS)) {
      const shop = await start(program, network.member("berlin").owner, token);
      try {
        await visit(network, browser, shop, language);
      } finally {
        shop.child.kill();
      }
    }
    await desk(network, browser);
    await withdrawn(network);
    for (const [language, program] of Object.entries(SHOPS)) await revoked(network, browser, token, language, program);
  } finally {
    await browser.close();
  }
}

export async function start([program, file], node, token) {
  const args = [file, "--token-file", token, "--node", `http://${node}`, "--port", "0"];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit").then(() => { throw new Error("the shop did not open"); });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  ended.catch(() => {});
  return { child, url: /http\S+/.exec(line)[0] };
}

/** Buys as far as the challenge, in a browser of its own. */
export async function buy(browser, shop) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(shop.url);
  return { context, page, challenge: await order(page) };
}

async function order(page) {
  await press(page, "Buy");
  return page.getByLabel("As text").inputValue();
}

/** Whether the shop sells; where it does not know yet, it is gone back to, as it says, and the same is to be done once more. */
export async function sold(page) {
  const title = page.getByRole("heading", { name: /Welcome|cannot sell|do not know/ });
  await title.waitFor();
  const said = await title.innerText();
  if (/do not know/.test(said)) {
    await follow(page, "Try again later");
    return false;
  }
  assert.match(said, /Welcome/, await page.locator("main").innerText());
  return true;
}

/** The shop that is part of the network: over the link on its map, to a lamp. */
async function fromTheMap(network, browser) {
  const context = await browser.newContext();
  const map = await context.newPage();
  await map.goto(network.page);
  const opening = context.waitForEvent("page");
  await map.getByRole("link", { name: "The web shop of berlin" }).click();
  const page = await opening;
  await page.waitForLoadState();
  assert.equal(page.url(), network.member("shop").url);
  await until("the shop to know all about her claims", async () => {
    await network.ask("anna", "/v1/present", { to: await order(page) });
    return sold(page);
  });
  await context.close();
}

async function visit(network, browser, shop, language) {
  // What the shop asks for stands where she decides to buy, and again where she is asked.
  const asks = /two attestors say that your payment account is verified/;
  const product = await (await browser.newContext()).newPage();
  await product.goto(shop.url);
  assert.match(await product.locator("main").innerText(), asks);
  await look(product, `shop-${language}-product`);
  await product.context().close();

  // The customer: her program delivers, the page hears of it by itself.
  const first = await buy(browser, shop);
  assert.match(await first.page.locator("main").innerText(), asks);
  await look(first.page, `shop-${language}-waiting`);
  const shown = await network.ask("anna", "/v1/present", { to: first.challenge });
  assert.ok(await sold(first.page), "it knew all about her claims already, for the shop on the map");
  await look(first.page, `shop-${language}-accepted`);

  // Her own page tells what the shop says, and as what it is.
  await answered(network, browser, shop, language);

  // A replay: what she showed for her order, pasted by somebody else for his.
  const thief = await buy(browser, shop);
  await thief.page.getByLabel("Paste").fill(JSON.stringify(shown.presentation));
  await thief.page.getByRole("button", { name: "Show it" }).click();
  await refused(thief.page, /challenge/i);
  await look(thief.page, `shop-${language}-refused`);

  // A stranger's identity: somebody without these claims, who signs with his own key.
  const stranger = await buy(browser, shop);
  await assert.rejects(network.ask("ben", "/v1/present", { to: stranger.challenge }), /claim/i);
  await network.ask("ben", "/v1/present", { to: stranger.challenge, anyway: true });
  await refused(stranger.page, /0 of 2/);

  // Her order's page is hers: another browser does not get it.
  const other = await (await browser.newContext()).newPage();
  assert.equal((await other.goto(first.page.url())).status(), 404);
  for (const { context } of [first, thief, stranger]) await context.close();
  await other.context().close();
}

/** Answers on her page with one claim, which is too little, and then with both. */
async function answered(network, browser, shop, language) {
  const page = await signedIn(network, await browser.newContext(), "anna");
  const requests = new URL("requests", page.url()).href;
  for (const [most, title, said] of [[1, /We cannot sell/, /They say: refused\s+“.*1 of 2/], [2, /Welcome/, /They say: accepted[^]*Good until \d/]]) {
    const order = await buy(browser, shop);
    await page.goto(requests);
    await page.fill("#to", order.challenge);
    await press(page, "Open a request");
    assert.match(await page.locator("main").innerText(), /the internet address of your line/);
    await look(page, `home-request-${language}`);
    for (const box of (await page.locator('input[name="claim"]').all()).slice(0, most)) await box.check();
    await press(page, "Show what is ticked");
    const notice = page.locator(most < 2 ? ".notice[role=alert]" : ".notice[role=status]", { hasText: "It arrived" });
    assert.match(await notice.innerText(), said);
    await look(page, `home-told-${most}-${language}`);
    await order.page.getByRole("heading", { name: title }).waitFor();
    await order.context.close();
  }
  await page.context().close();
}

async function refused(page, why) {
  await page.getByRole("heading", { name: "We cannot sell" }).waitFor();
  assert.match(await page.locator("main").innerText(), why);
}

/** The vendor's own page: what it asks, what it decided about nobody in particular, whom it follows, who attests. */
async function desk(network, browser) {
  await network.ask("berlin", "/v1/watch", { names: [network.member("ben").identity] });
  const page = await signedIn(network, await browser.newContext(), "berlin");
  await page.goto(new URL("shop", page.url()).href);
  const said = await page.locator("main").innerText();
  for (const what of [/Dry run/, /The last decisions/, /Whom you follow/, /Listed is not recommended/, /Attestors for each kind of claim/, /Payment account verified/]) assert.match(said, what);
  const decided = await page.locator("table", { hasText: "Not passed" }).innerText();
  const anna = network.member("anna").identity;
  for (const name of [anna, anna.split(":")[2], anna.split(":")[2].slice(2, 10)]) assert.ok(!decided.includes(name), "nobody is named");
  assert.match(decided, /new-customer/);
  await look(page, "vendor");
  const policies = page.getByLabel("Policy");
  await policies.selectOption("new-customer");
  await page.fill("#who", anna);
  await press(page, "Try it");
  assert.equal(await policies.inputValue(), "new-customer", "what was asked is kept");
  assert.equal(await page.inputValue("#who"), anna, "what was asked is kept");
  // By name alone nobody proves to be her, and the policy asks for that: it is said of this very check.
  const tried = await page.locator("main .notice").first().innerText();
  assert.match(tried, /^Refused/i);
  assert.match(tried, /^\s*control\s+refused\s/m);
  const rows = page.locator("table", { hasText: "Not passed" }).locator("tbody tr");
  const before = decided.split("\n").filter((line) => /new-customer/.test(line)).length;
  assert.equal(await rows.count(), before, "nothing is remembered of a dry run");
  await look(page, "vendor-tried");
  await page.fill("#who", "nobody at all");
  await press(page, "Try it");
  await look(page, "vendor-tried-nobody");
  // A whole presentation is tried, too, and its challenge is as good afterwards as before, once.
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to try it" });
  const { presentation } = await network.ask("anna", "/v1/present", { to: challenge });
  await policies.selectOption("new-customer");
  await page.fill("#who", JSON.stringify(presentation));
  await press(page, "Try it");
  assert.match(await page.locator("main .notice").first().innerText(), /^Accepted/i);
  assert.equal(await rows.count(), before, "nothing is remembered of it");
  await look(page, "vendor-tried-presentation");
  const check = () => network.ask("berlin", "/v1/check", { policy: "new-customer", presentation });
  assert.equal((await check()).answer, "accepted");
  assert.equal((await check()).answer, "refused", "and then it is used up");
  await page.context().close();
}

/** Last, because it ends her claim: the attestor withdraws it. */
async function withdrawn(network) {
  const issued = JSON.parse(await network.command("north", "issued", "list", "--json"));
  const claim = issued.claims.find((one) => one.subject === network.member("anna").identity);
  await network.command("north", "revoke", claim.id, "--reason", "account-closed");
}

/** The shop says to its customer that her claim was withdrawn. */
async function revoked(network, browser, token, language, program) {
  const shop = await start(program, network.member("berlin").owner, token);
  try {
    const page = await until("the revocation to reach Berlin", async () => {
      const { page, context, challenge } = await buy(browser, shop);
      // Her own node leaves out what was withdrawn, unless told not to.
      await network.ask("anna", "/v1/present", { to: challenge, anyway: true });
      await page.getByRole("heading", { name: /Welcome|cannot sell|do not know/ }).waitFor();
      if (/cannot sell/.test(await page.locator("h1").innerText())) return page;
      await context.close();
    });
    assert.match(await page.locator("main").innerText(), /withdr/i);
    await look(page, `shop-${language}-withdrawn`);
  } finally {
    shop.child.kill();
  }
}

