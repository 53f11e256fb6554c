// An attestor's own process and a certified OpenID provider (npm `oidc-provider`): who signs in, who refuses, who comes with another's address.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { open } from "./browser.mjs";
import { among, checkout, free } from "./guide.mjs";

const JUDGE = join(checkout, "tests/outside/oidc-provider");

export async function journey(network) {
  const browser = await open();
  try {
    return await among((env, terminal) => attests(network, browser, env, terminal));
  } finally {
    await browser.close();
  }
}

async function attests(network, browser, env, terminal) {
  await free(7443, 7370);
  const provider = await Provider.start("https://127.0.0.1:7443/callback/judge");
  try {
    writeFileSync(join(env.HOME, "secret"), provider.secret, { mode: 0o600 });
    writeFileSync(join(env.HOME, "passphrase"), "only for a try");
    writeFileSync(join(env.HOME, "certified.toml"), evidence(provider.issuer));
    const more = {
      COUNTERSIGN_PASSPHRASE_FILE: join(env.HOME, "passphrase"),
      COUNTERSIGN_NETWORK_LOOPBACK: "true", // all of the network is on this computer
    };
    const [shell, runs] = [await terminal(env.HOME, more), await terminal(env.HOME, more)];
    await shell.run(`countersign-attestor --data us init --from certified.toml --client-secret-file secret --join '${network.invite}'`);
    await runs.run("countersign-attestor --data us run", { seen: /attests at/ });
    assert.ok((await shell.run("countersign-attestor --data us doctor")).includes(provider.callback), "the return address");
    const [, identity] = /"did":\s*"(did:webvh:[^"]+)"/.exec(await shell.run("countersign --data us --json id show"));
    Object.assign(network, { members: [...network.members, { name: "judged", identity }] });
    await customers(network, browser);
    const issued = JSON.parse(await shell.run("countersign-attestor --data us --json issued list").then((said) => said.slice(said.indexOf("{"), said.lastIndexOf("}") + 1)));
    assert.equal(issued.claims.length, 1, "one account, one claim");
    return "certified: one claim, and four who get none";
  } finally {
    await provider.stop();
  }
}

async function customers(network, browser) {
  const ended = async (page, heading) => {
    await page.locator("main h1").waitFor();
    assert.match(await page.locator("main").innerText(), heading);
  };

  // Whoever refuses at the provider gets no claim, and is told so.
  const refuses = await network.begin(browser, "anna", "judged");
  await toProvider(refuses.page);
  await refuses.page.getByRole("link", { name: /Cancel/ }).click();
  await ended(refuses.page, /refused by the person who was asked/);
  await refuses.page.getByRole("link", { name: "Tell your node" }).click();
  await assert.rejects(refuses.collecting, "her node hears of it");
  await refuses.context.close();

  // The address the provider sends one browser to is of no use in another, and does not end what the first began.
  const anna = await network.begin(browser, "anna", "judged");
  const address = await heldBack(anna.page, "verified-anna");
  const thief = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const stolen = await thief.goto(address);
  assert.ok(stolen.status() >= 400, `in another browser: ${stolen.status()}`);
  await thief.context().close();
  await anna.page.goto(address);
  await ended(anna.page, /Is this you/);
  assert.ok((await anna.page.locator("main").innerText()).includes("verified-anna"), "the account is named");
  await anna.page.locator('button[value="yes"]').click();
  const claim = await anna.collecting;
  assert.match(JSON.stringify(claim), /PaymentAccountVerified/);

  // Its code was used up, by her browser too.
  const again = await anna.page.goto(address);
  assert.ok(again.status() >= 400 || !(await anna.page.locator('button[value="yes"]').count()), "once and no more");
  await anna.context.close();

  // An account the provider says no about, and the same account for somebody else.
  for (const [account, said] of [["unverified-ben", /No claim/], ["verified-anna", /Already attested/]]) {
    const ben = await network.begin(browser, "ben", "judged");
    await allow(ben.page, account);
    await ended(ben.page, said);
    await ben.page.getByRole("link", { name: "Tell your node" }).click();
    await assert.rejects(ben.collecting);
    await ben.context.close();
  }
}

/** Goes from the attestor's first page to the provider's. */
async function toProvider(page) {
  await page.locator('a[href^="/begin/"]').click();
  await page.getByPlaceholder("Enter any login").waitFor();
}

/** Signs in at the provider, up to the page that asks what it may tell. */
async function named(page, account) {
  await toProvider(page);
  await page.getByPlaceholder("Enter any login").fill(account);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).waitFor();
}

/** Allows what is asked for, as a person does. */
async function allow(page, account) {
  await named(page, account);
  await page.getByRole("button", { name: "Continue" }).click();
}

/** Allows it, and gives the address the provider sends the browser to, which it did not go to yet. */
async function heldBack(page, account) {
  await named(page, account);
  const form = await page.locator("form").getAttribute("action");
  let answer = await page.request.post(new URL(form, page.url()).href, { form: { prompt: "consent" }, maxRedirects: 0 });
  for (;;) {
    const address = new URL(answer.headers().location, answer.url());
    if (address.pathname.startsWith("/callback/")) return address.href;
    answer = await page.request.get(address.href, { maxRedirects: 0 });
  }
}

function evidence(issuer) {
  const known = { ISSUER: issuer, HOST: new URL(issuer).host, CLIENT: "EdDSA", ALGORITHM: "EdDSA" };
  return Object.entries(known).reduce((file, [name, is]) => file.replaceAll(name, is), readFileSync(join(JUDGE, "evidence.toml"), "utf8"));
}

/** The judge: a provider that is not ours. */
class Provider {
  static async start(callback) {
    const child = spawn("node", [join(JUDGE, "provider.mjs"), callback], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(child, "exit").then(() => { throw new Error("the provider did not start"); });
    const [issuer] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
    ended.catch(() => {});
    return Object.assign(new Provider(), { child, issuer, callback, secret: "a secret of thirty-two characters" });
  }

  async stop() {
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }
}
