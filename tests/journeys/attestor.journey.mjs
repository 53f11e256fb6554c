// An operator of an attestor, and the customers who come: the public page, the way to a claim with each of its ends, and the desk.
import assert from "node:assert/strict";
import { look, open } from "./browser.mjs";
import { until } from "./network.mjs";

const CLAIM = "PaymentAccountVerified";

export async function journey(network) {
  const browser = await open();
  try {
    const north = network.member("north");
    const { ok } = JSON.parse(await network.command("north", "--json", "doctor"));
    assert.equal(ok, true, "the attestor's doctor is content");
    await customers(network, browser, north);
    await operator(network, browser);
  } finally {
    await browser.close();
  }
}

/** Has a member ask for a claim, and gives the page the sign-in begins at. */
async function begin(network, browser, who, attestor) {
  const question = { attestor: attestor.identity, claim: CLAIM, browser: true };
  const { url, request } = await until(`${attestor.name} to be known to ${who}`, () =>
    network.ask(who, "/v1/claims/request", question).catch((error) => {
      if (/nothing about itself yet/.test(error.message)) return undefined;
      throw error;
    }));
  const collecting = network.ask(who, "/v1/claims/collect", { request });
  collecting.catch(() => {}); // looked at by whoever began
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  return { page, context, collecting };
}

/** Signs in at the SIMULATED provider, from the page that says what is about to happen. */
async function signIn(page, account) {
  await page.locator('a[href^="/begin/"]').click();
  await look(page, "provider-sign-in");
  const password = /password is ([^<]+?)\.</.exec(await page.content())[1];
  await page.getByLabel("Address").fill(account);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in and allow" }).click();
}

async function customers(network, browser, north) {
  const anna = await begin(network, browser, "anna", north);
  await look(anna.page, "attestor-start");
  await signIn(anna.page, "verified@simulated.example");
  assert.match(await anna.page.locator("h1").innerText(), /Is this you/);
  await look(anna.page, "attestor-confirm");
  const front = await anna.context.newPage();
  await front.goto(new URL("/", anna.page.url()).href);
  const said = await front.locator("main").innerText();
  for (const what of [/Who we are/, /What we check/, /What we keep, and for how long/, /How to complain/]) assert.match(said, what);
  assert.doesNotMatch(said, /has not said/, "who runs it, how long, where to complain");
  await look(front, "attestor-front");
  await anna.page.locator('button[value="yes"]').click();
  await anna.collecting;

  // The same account for a second identity, and an account the provider says no about.
  for (const [account, said] of [["verified@simulated.example", /Already attested/], ["unverified@simulated.example", /No claim/]]) {
    const ben = await begin(network, browser, "ben", north);
    await signIn(ben.page, account);
    assert.match(await ben.page.locator("h1").innerText(), said);
    await look(ben.page, `attestor-no-${account.split("@")[0]}`);
    const opening = ben.context.waitForEvent("page");
    await ben.page.getByRole("link", { name: "How to complain" }).click();
    const front = await opening;
    assert.match(await front.locator("#complain").innerText(), /whoever runs/i);
    await ben.page.getByRole("link", { name: "Tell your node" }).click();
    await assert.rejects(ben.collecting);
    await ben.context.close();
  }
  await anna.context.close();
}

async function operator(network, browser) {
  const { url } = JSON.parse(await network.command("north", "--json", "operate"));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(new URL("/", url).href);
  await look(page, "desk-entrance");
  await page.goto(url);
  const desk = page.url();
  assert.equal((await page.goto(url)).status(), 401, "the code counts once");
  for (const path of ["", "/claims", "/renewals", "/duplicates", "/log"]) {
    assert.equal((await page.goto(desk + path)).status(), 200);
    await look(page, `desk${path.replace("/", "-") || "-overview"}`);
  }
  await page.goto(`${desk}/claims`);
  await page.getByLabel("Rule").fill("simulated-verified-account/1");
  await page.getByRole("button", { name: "Show" }).click();
  await page.locator("td a").first().click();
  await look(page, "desk-claim");
  const claim = page.url();

  // Many are revoked by what they are, and by their count.
  await page.goto(`${desk}/revoke`);
  await page.getByLabel("Rule").fill("simulated-verified-account");
  await page.getByRole("button", { name: "Count them" }).click();
  await look(page, "desk-revoke");
  const why = page.getByLabel("Why");
  await why.selectOption("issued-in-error");
  await page.getByRole("button", { name: "Revoke them all" }).click();
  assert.match(await page.locator("main").innerText(), /Tick the box/);
  await look(page, "desk-revoke-unsure");
  await page.getByLabel("I mean exactly these claims").check();
  await page.getByLabel("Why").selectOption("issued-in-error");
  await page.getByRole("button", { name: "Revoke them all" }).click();
  await look(page, "desk-revoked-all");
  await page.goto(claim);
  assert.match(await page.locator("main").innerText(), /revoked/);
  await look(page, "desk-claim-revoked");
  await page.goto(`${desk}/claims/nothing`);
  await look(page, "desk-claim-unknown");
  await page.goto(`${desk}/log`);
  assert.match(await page.locator("main").innerText(), /The books hold/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await look(page, "desk-left");
  assert.equal((await page.goto(`${desk}/claims`)).status(), 401, "it is over");
  await context.close();
}
