// What goes wrong at home: the computer was off, words are wrong, somebody else has them, a line is gone from the statement, a code is mistyped.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { look, open, secret } from "./browser.mjs";
import { Home, arrive, follow, press, settle } from "./home.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";

const PASSPHRASE = "four words nobody knows";
const run = promisify(execFile);

export async function journey(network) {
  const browser = await open();
  const homes = [await Home.begin(), await Home.begin()];
  const [mine, other] = homes;
  try {
    await mistyped(network, browser);
    const page = await (await browser.newContext()).newPage();
    await page.goto(mine.url);
    const words = await settle(page, PASSPHRASE);
    const did = (await page.locator("main").innerText()).match(/did:webvh:\S+/)[0];
    await lineGone(page, network, mine);
    await kept(page, mine);
    await elsewhere(browser, network, other, did, words);
    await alarmed(page, mine, words);
  } finally {
    await browser.close();
    for (const home of homes) await home.stop();
  }
}

/** Who has the code of somebody else's sign-in typed wrong gets nothing, and may look again. */
async function mistyped(network, browser) {
  const north = network.member("north");
  const question = { attestor: north.identity, claim: "PaymentAccountVerified", browser: false };
  const { url, code, request } = await until("north to be known to anna", () =>
    network.ask("anna", "/v1/claims/request", question).catch((error) => {
      if (/nothing about itself yet/.test(error.message)) return undefined;
      throw error;
    }));
  secret(code);
  const collecting = network.ask("anna", "/v1/claims/collect", { request });
  collecting.catch(() => {}); // awaited below, unless the browser fails first
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  await signIn(page);
  await page.getByLabel("The code your own node shows").waitFor();
  await look(page, "mishap-code");
  await page.getByLabel("The code your own node shows").fill(code.startsWith("2") ? "33333333" : "22222222");
  await page.locator('button[value="yes"]').click();
  await page.locator("main [role=alert]", { hasText: "That is not the code" }).waitFor();
  await look(page, "mishap-code-wrong");
  await page.getByLabel("The code your own node shows").fill(code);
  await page.locator('button[value="yes"]').click();
  await collecting;
  await look(page, "mishap-code-right");
  await context.close();
}

/** Three lines, and one of them taken out while the node is off, by somebody who knows the passphrase. */
async function lineGone(page, network, mine) {
  for (const purpose of ["one", "two", "three"]) {
    const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose });
    await run(network.program, ["countersign", "--data", mine.data, "request", "--refuse", challenge]);
  }
  const base = page.url().replace(/start\/ready$/, "");
  await until("somebody to keep the identity", async () => {
    const { stdout } = await run(network.program, ["countersign", "--data", mine.data, "--json", "id", "show"]);
    return JSON.parse(stdout).keepers > 0;
  });
  await page.goto(`${base}statement`);
  assert.match(await page.locator("main").innerText(), /It is whole/);
  await mine.halt();
  const thief = execFile(network.program, ["thief-of-a-line", mine.data, "2"]);
  thief.stdin.end(PASSPHRASE);
  assert.equal(await new Promise((ended) => { thief.on("exit", ended); }), 0);
}

/** The computer was off: the node is there, and locked. Then what is gone from the statement is seen. */
async function kept(page, mine) {
  await mine.start();
  await page.goto(mine.url);
  assert.match(await page.title(), /Welcome back/);
  await page.locator("summary").click();
  await look(page, "mishap-locked");
  await page.fill("#passphrase", "not the passphrase");
  await press(page, "Unlock");
  assert.match(await page.locator("main [role=alert]").innerText(), /passphrase/i);
  await look(page, "mishap-locked-wrong");
  await page.fill("#passphrase", PASSPHRASE);
  await press(page, "Unlock");
  assert.match(await page.locator("main").innerText(), /It is not whole/, "the first page says it too");
  await look(page, "mishap-overview-line-gone");
  await page.goto(`${page.url()}statement`);
  const said = await page.locator("main").innerText();
  assert.match(said, /It is not whole/);
  assert.match(said, /Line 2 is missing/);
  assert.equal(await page.locator("tbody tr").count(), 2);
  await look(page, "mishap-statement-line-gone");
}

/** Somewhere else, with the words: the wrong ones bring nothing, and the right ones everything. */
async function elsewhere(browser, network, other, did, words) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(other.url);
  const others = [...Array(23).fill("abandon"), "art"]; // 24 good words, of nobody here
  for (const [name, typed, said] of [
    ["mistyped", ["wrodn", ...words.slice(1)], /not the 24 words/],
    ["others", others, /do not recover this identity/],
  ]) {
    await recover(page, network, did, typed.join(" "));
    assert.match(await page.locator("main [role=alert]").innerText(), said);
    assert.match(await page.title(), /Welcome/, "and everything can be tried again");
    const again = page.locator('form[action$="start/recover"]');
    assert.equal(await again.locator('[name="words"]').inputValue(), typed.join(" "), "one word is mended, not 24 typed");
    assert.equal(await again.locator('[name="first"]').inputValue(), "", "a passphrase is typed again");
    await look(page, `mishap-words-${name}`);
  }
  await recover(page, network, did, words.join(" "));
  assert.match(await page.title(), /This is you/, await page.locator("main").innerText());
  await look(page, "mishap-words-right");
}

async function recover(page, network, did, words) {
  const form = page.locator('form[action$="start/recover"]');
  if (!(await form.isVisible())) await page.locator("summary", { hasText: "With the 24 words" }).click();
  await look(page, "mishap-words-form");
  await form.locator('[name="invitation"]').fill(network.invite);
  await form.locator('[name="did"]').fill(did);
  await form.locator('[name="words"]').fill(words);
  for (const name of ["first", "again"]) await form.locator(`[name="${name}"]`).fill(PASSPHRASE);
  await arrive(page, form.getByRole("button", { name: "Take it back" }));
}

/** The first home learns that somebody else acts in its owner's name, and takes the identity back. */
async function alarmed(page, mine, words) {
  const base = page.url().replace(/statement$/, "");
  await until("the alarm", async () => {
    await page.goto(base);
    return /this computer did not do/.test(await page.locator("main").innerText());
  }, 180_000);
  for (const name of ["", "keys", "network"]) {
    await page.goto(`${base}${name}`);
    assert.match(await page.locator("main [role=alert]").first().innerText(), /this computer did not do/);
    await look(page, `mishap-alarm-${name || "overview"}`);
  }
  await page.goto(base);
  await follow(page, "Take my identity back");
  await look(page, "mishap-take-back");
  await page.fill("#recovery-words", words.join(" "));
  await page.fill("#recovery-passphrase", PASSPHRASE);
  await press(page, "Take my identity back");
  assert.match(await page.locator("main").innerText(), /Your identity is yours again/);
  assert.doesNotMatch(await page.locator("main").innerText(), /this computer did not do/);
  await look(page, "mishap-taken-back");
}
