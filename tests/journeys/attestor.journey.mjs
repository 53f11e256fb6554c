// An operator of an attestor, and the customers who come: the public page, the way to a claim with each of its ends, and the desk.
import assert from "node:assert/strict";
import { look, open, secret } from "./browser.mjs";
import { arrive, press } from "./home.mjs";
import { signIn } from "./provider.mjs";

const CLAIM = "PaymentAccountVerified";

export async function journey(network) {
  const browser = await open();
  try {
    const north = network.member("north");
    const { ok } = JSON.parse(await network.command("north", "--json", "doctor"));
    assert.equal(ok, true, "the attestor's doctor is content");
    await customers(network, browser);
    await operator(network, browser);
  } finally {
    await browser.close();
  }
}

async function customers(network, browser) {
  const anna = await network.begin(browser, "anna", "north");
  await look(anna.page, "attestor-start");
  const onPage = () => look(anna.page, "provider-sign-in");
  await signIn(anna.page, { account: "verified@simulated.example", onPage });
  await anna.page.getByRole("heading", { name: /Is this you/ }).waitFor();
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
    const ben = await network.begin(browser, "ben", "north");
    await signIn(ben.page, { account });
    await ben.page.getByRole("heading", { name: said }).waitFor();
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
  secret(new URL(url).searchParams.get("code"));
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
  await counted(page, desk);
  await page.goto(`${desk}/claims`);
  await page.getByLabel("Rule").fill("simulated-verified-account/1");
  await press(page, "Show");
  await arrive(page, page.locator("td a").first());
  await look(page, "desk-claim");
  await renewedAndTakenBack(page);

  await standBehind(network, page, desk);

  // The same account for the same identity, once more: it may.
  await network.signIn(browser, "anna", "north", "verified@simulated.example");
  await page.goto(`${desk}/claims?state=standing`);
  await arrive(page, page.locator("td a").first());
  const claim = page.url();

  // Many are revoked by what they are and when they were signed, and by their count.
  const day = (from) => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
  await page.goto(`${desk}/revoke`);
  await page.getByLabel("Signed from").fill(day(2));
  await press(page, "Count them");
  assert.match(await page.locator("main").innerText(), /No claim is meant by this/);
  await page.getByLabel("Signed from").fill(day(-2));
  await page.getByLabel("and before").fill(day(2));
  await page.getByLabel("Rule").fill("simulated-verified-account");
  await press(page, "Count them");
  const meant = await page.locator("main .notice").first().innerText();
  assert.equal(Number.parseInt(meant, 10), await page.locator("tbody tr").count(), meant);
  await look(page, "desk-revoke");
  const why = page.getByLabel("Why");
  await why.selectOption("issued-in-error");
  await press(page, "Revoke them all");
  assert.match(await page.locator("main").innerText(), /Tick the box/);
  await look(page, "desk-revoke-unsure");
  await page.getByLabel("I mean exactly these claims").check();
  await page.getByLabel("Why").selectOption("issued-in-error");
  await press(page, "Revoke them all");
  await look(page, "desk-revoked-all");
  await page.goto(claim);
  assert.match(await page.locator("main").innerText(), /revoked/);
  await look(page, "desk-claim-revoked");
  await page.goto(`${desk}/claims/nothing`);
  await look(page, "desk-claim-unknown");
  await page.goto(`${desk}/log`);
  assert.match(await page.locator("main").innerText(), /The books hold/);
  await press(page, "Sign out");
  await look(page, "desk-left");
  assert.equal((await page.goto(`${desk}/claims`)).status(), 401, "it is over");
  await context.close();
}

/** What the pages count is what was done: what was signed stands, and an account came for a second identity, once. */
async function counted(page, desk) {
  const fact = (name) => page.locator("dl.facts > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");
  const count = async (name) => Number(await fact(name).innerText());
  const main = () => page.locator("main").innerText();
  await page.goto(desk);
  const [stand, due, signed, twice] = [await count("stand"), await count("end within 30 days"), await count("signed in the last 24 hours"), await count("refused as a second identity")];
  assert.ok(signed >= 1 && twice === 1, `${signed} signed, ${twice} refused`);
  assert.equal(stand, signed);
  assert.match(await main(), new RegExp(`List \\d+: gets new claims\\s+${signed} of 131072 places used`));
  await page.goto(`${desk}/renewals`);
  if (due === 0) assert.match(await main(), /No claim ends within 30 days/);
  assert.equal(await page.locator("tbody tr").count(), due);
  await page.goto(`${desk}/duplicates`);
  const refused = page.locator("table", { hasText: "Refused: the account backs another identity" }).locator("tbody tr");
  assert.equal(await refused.count(), twice);
  assert.equal(await refused.first().getByRole("link").count(), 1, "the claim that stood in the way");
}

/** One claim: the provider is asked again and it is renewed, and the new one is taken back with the old. */
async function renewedAndTakenBack(page) {
  const old = page.url();
  await press(page, "Ask the provider and renew");
  const said = page.locator("main .notice").first();
  assert.match(await said.innerText(), /took its place/);
  assert.notEqual(new URL(page.url()).pathname, new URL(old).pathname, "this is the new claim");
  await look(page, "desk-claim-renewed");
  await page.locator("summary", { hasText: "Revoke this claim" }).click();
  await page.getByLabel("Why").selectOption("account-closed");
  await page.getByLabel("Note").fill("the customer wrote to us");
  await press(page, "Revoke this claim");
  assert.match(await said.innerText(), /revoked/i);
  assert.match(await page.locator("main").innerText(), /account.*closed.*the customer wrote to us/is);
  assert.equal(await page.getByRole("button", { name: "Revoke this claim" }).count(), 0, "once is enough");
  await look(page, "desk-claim-taken-back");
  await page.goto(old);
  assert.equal(await page.getByRole("button", { name: "Ask the provider and renew" }).count(), 0, "nor does the old one stand");
}

/** The form for another attestor: nobody by that name, then one that is known. */
async function standBehind(network, page, desk) {
  await page.goto(`${desk}/accredit`);
  await look(page, "desk-accredit");
  await page.getByLabel("The attestor").fill("Nowhere");
  await page.getByLabel("For which types of claims").fill(CLAIM);
  await page.getByLabel("What you looked at").fill("their rules, and a visit");
  await press(page, "Accredit");
  assert.equal(await page.getByLabel("The attestor").inputValue(), "Nowhere", "what was written is kept");
  await look(page, "desk-accredit-nobody");
  await page.getByLabel("The attestor").fill(network.member("south").identity);
  await press(page, "Accredit");
  const signed = await page.locator("main").innerText();
  assert.match(signed, /Signed. Now the other attestor/);
  assert.ok(signed.includes(CLAIM), "for what it is believed");
  await look(page, "desk-accredited");
}
