// Someone at home: from an empty folder to a claim shown to a shop, in a browser; then every page, looked at.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SIZES, Steps, look, open, pressed, secret, shown } from "./browser.mjs";
import { CHOSEN, Home, arrive, follow, press, signedIn } from "./home.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";

const PASSPHRASE = "four words nobody knows", ANOTHER = "four others nobody knows";
// From the program to a claim that a shop was shown: the screens of the way, each gone on from by one press.
const MOST_STEPS = 11;

export async function journey(network) {
  const home = await Home.begin();
  const browser = await open();
  const steps = new Steps();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await locked(page, home);
    await steps.do("countersign home", () => page.goto(home.url));
    const base = page.url().replace(/start$/, "");
    steps.follow(context);
    const words = await begin(page);
    await claim(page, context, network, "north");
    await present(page, network);
    steps.unfollow(context);
    assert.ok(steps.count <= MOST_STEPS, `more than ${MOST_STEPS} steps:\n${steps}`);
    await oneOfTwo(page, base, context, network);
    await every(page, base);
    const backup = await keep(page, base, words);
    await tooLarge(page, base);
    await invited(network, browser);
    await linked(network, browser);
    await others(page, base, network, context);
    await restored(browser, home, backup);
    return `${steps}`;
  } finally {
    await browser.close();
    await home.stop();
  }
}

/** Without the code there is nothing, and a code counts once. */
async function locked(page, home) {
  await page.goto(`http://${home.owner}/`);
  await look(page, "home-entrance");
  assert.match(await page.title(), /Your door is locked/);
}

/** The first ten minutes. */
async function begin(page) {
  await look(page, "home-start");
  await page.locator('input[value="local"]').check();
  for (const name of CHOSEN) await page.fill(name, PASSPHRASE);
  await press(page, "Go on");
  const words = await page.locator("ol.words li").allTextContents();
  assert.equal(words.length, 24);
  secret(words.join(" "));
  assert.equal((await shown(page, "")).length, 22, "secrets are found where nothing covers them");
  await look(page, "home-words");
  await follow(page, "I have written them down");
  await look(page, "home-check");
  const labels = await page.locator(".field label").allTextContents();
  const names = ["#first", "#second", "#third"];
  for (const [at, label] of labels.entries()) await page.fill(names[at], words[Number(label.match(/\d+/)[0]) - 1]);
  await press(page, "Make my identity");
  assert.match(await page.title(), /This is you/);
  // What happens while the computer is off, and who keeps the identity then: the page says by itself when keepers have promised.
  const off = page.locator("section.card", { hasText: "When this computer is off" });
  await off.getByText(/Keepers in the network hold a copy/).waitFor();
  await off.getByText(/(One keeper|\d+ keepers) promised to keep your identity/).waitFor();
  for (const promise of await off.locator("li").allInnerTexts()) assert.match(promise, /^\S+ keeps it until \d{1,2}.\w+.\d{4}$/);
  assert.ok(await off.locator("li").count() > 0, "it says who");
  await look(page, "home-ready");
  return words;
}

/** Gets a claim from an attestor, by a sign-in where the account is. */
async function claim(page, context, network, attestor) {
  const offer = page.locator("section.card", { hasText: network.member(attestor).identity });
  // The page is there before the last attestor is heard of.
  await until("the attestor to be heard of", async () => {
    if (await offer.count()) return true;
    await page.reload();
    return false;
  });
  await look(page, "home-get");
  await arrive(page, offer.getByRole("button", { name: "Get this claim" }).first());
  assert.match(page.url(), /claims\/waiting/, await page.locator("main").innerText());
  const fingerprint = await page.locator(".owner").innerText();
  assert.ok((await page.locator("main").innerText()).includes(fingerprint), "what is compared stands on the page");
  await look(page, "home-waiting");
  const opening = context.waitForEvent("page");
  await page.getByRole("link", { name: "Open the attestor's page" }).click();
  pressed(page, "Open the attestor's page");
  const other = await opening;
  await signIn(other);
  await arrive(other, other.locator('button[value="yes"]'));
  await other.getByRole("heading", { name: "Your node is collecting the claim" }).waitFor();
  await look(other, "home-returned");
  await page.waitForURL(/claims\?new/);
  await other.close();
  assert.match(await page.locator("main").innerText(), /A new claim is here/);
  const card = page.locator("article", { hasText: `says "${attestor}"` });
  const said = await card.innerText();
  assert.match(said, new RegExp(`says "${attestor}" \\(\\w{8}\\)`), "by its name, not by a hundred characters");
  // What it rests on, from when until when, and how it stands.
  const fact = (name) => card.locator("dl.facts > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");
  assert.match(await fact("Evidence").innerText(), /you signed in there, \d+.\w+.\d{4}, \d\d:\d\d.UTC\s[^]*Rule “.+”, version \d+/);
  assert.match(await fact("Since").innerText(), /^\d{1,2}.\w+.\d{4}$/);
  assert.match(await fact("Until").innerText(), /^\d{1,2}.\w+.\d{4}$/);
  assert.match(await fact("Status").innerText(), /^It stands/);
  await look(page, "home-claims-new");
}

/** Answers a shop's request, after a look at exactly what it would see. */
async function present(page, network) {
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to open an account" });
  await page.fill("#to", challenge);
  await press(page, "Open a request");
  await look(page, "home-request");
  await alike(page, "Show what is ticked", "Refuse");
  for (const box of await page.locator('input[name="claim"]').all()) await box.check();
  await press(page, "Show what is ticked");
  await look(page, "home-shown");
  await proved(page, network, [network.member("north").identity]);
}

/** To say yes is as large as to say no, on a phone and on a desk. */
async function alike(page, ...names) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    const boxes = await Promise.all(names.map((name) => page.getByRole("button", { name, exact: true }).boundingBox()));
    const [one, other] = boxes.map(({ width, height }) => [Math.round(width), Math.round(height)]);
    assert.deepEqual(one, other, `${names.join(" and ")} on a ${size}`);
  }
}

/** What was shown proves that she holds the identity, and holds the claims of these attestors and no others. */
async function proved(page, network, issuers) {
  const presentation = JSON.parse(await page.locator("#presentation").inputValue());
  const credentials = [presentation.verifiableCredential].flat();
  const signers = credentials.map(({ issuer }) => issuer.id ?? issuer);
  assert.deepEqual(signers.toSorted(), issuers.toSorted(), "what was ticked is what is shown");
  const decided = await network.ask("berlin", "/v1/check", { policy: "new-customer", presentation });
  const control = decided.checks.find(({ name }) => name === "control");
  assert.equal(control.result, "accepted", decided.explained);
}

/** With two claims, nothing is shown as long as nothing is ticked, and then the one that is. */
async function oneOfTwo(page, base, context, network) {
  await page.goto(`${base}claims/get`);
  await claim(page, context, network, "south");
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to open an account" });
  await page.goto(`${base}requests`);
  await page.fill("#to", challenge);
  await press(page, "Open a request");
  await press(page, "Show what is ticked");
  assert.match(await page.locator("main").innerText(), /Nothing is ticked/);
  assert.equal(await page.locator('input[name="claim"]').count(), 2);
  await look(page, "home-request-unticked");
  await page.locator("label", { hasText: 'says "south"' }).locator('input[name="claim"]').check();
  const opening = context.waitForEvent("page");
  await page.getByRole("link", { name: "The whole claim, as it is signed" }).first().click();
  const whole = await opening;
  await whole.waitForLoadState();
  assert.match(await whole.locator("pre").innerText(), /"proofValue"/);
  await look(whole, "home-claim-whole");
  await whole.close();
  await press(page, "Show what is ticked");
  await proved(page, network, [network.member("south").identity]);
}

/** Every page there is. */
async function every(page, base) {
  for (const name of ["", "requests", "world", "claims", "claims/get", "keys", "network", "statement", "shop", "nothing-here"]) {
    await page.goto(`${base}${name}`);
    await look(page, `home-${name.replace("/", "-") || "overview"}`);
  }
  await page.goto(`${base}world`);
  // Nobody finds out where this computer is, but for the few her node talks to in her name.
  assert.match(await page.locator(".notice", { hasText: "A few see" }).innerText(), /internet address of your line is seen,.* keepers and witnesses/);
  assert.doesNotMatch(await page.locator(".notice", { hasText: "Nobody sees" }).innerText(), /computer/);
  await page.goto(`${base}network`);
  assert.match(await page.locator("section.light h2").innerText(), /All is well|Something should be done/);
  const looked = page.locator("section.card", { hasText: "What was looked at" }).locator("li");
  assert.ok(await looked.count() >= 5, "more than one thing was looked at");
  for (const finding of await looked.all()) {
    const said = await finding.innerText();
    assert.match(said, /^(Well|Look|Does not work)\s+\S/);
    // Whatever is not well says what to do about it.
    if (!said.startsWith("Well")) assert.match(said, /What to do: \S/, said);
  }
}

/** Has the browser save a file, by a way of the page or a button, and gives where it is. */
async function saved(page, role, name) {
  const saving = page.waitForEvent("download");
  await page.getByRole(role, { name, exact: true }).click();
  const download = await saving;
  return { name: download.suggestedFilename(), path: await download.path() };
}

/** Publishes and withdraws, refuses, and finds a line for each in the statement; looks after words, keys and passphrase; gives a backup. */
async function keep(page, base, words) {
  await page.goto(`${base}claims`);
  await press(page, "Publish");
  assert.match(await page.locator("main").innerText(), /Payment account verified/);
  await look(page, "home-world-published");
  await press(page, "Withdraw");
  assert.match(await page.locator("main").innerText(), /You have published no claim/);
  await page.goto(`${base}claims`);
  assert.equal(await page.getByText("Only you see it").count(), 2, "the world sees none of two");
  await page.goto(`${base}statement`);
  const lines = await page.locator("main").innerText();
  for (const word of ["It is whole", "Shown", "Sign-in", "Received", "Published"]) assert.match(lines, new RegExp(word));
  await look(page, "home-statement-lines");
  const file = await page.context().request.get(`${base}statement.json`);
  assert.equal(file.headers()["content-type"], "application/json");
  const { intact, lines: whole } = await file.json();
  assert.ok(intact);
  assert.deepEqual(whole.map(({ what }) => what).toSorted(), ["sign-in", "sign-in", "received", "received", "shown", "shown", "published", "published"].toSorted());
  for (const { when, what, whom, kinds, request } of whole) {
    assert.ok(when && whom !== undefined && Array.isArray(kinds));
    // Under which request: a shop's policy and its challenge, or an attestor's.
    if (what === "shown") assert.match(request, /^new-customer [\w-]{8}$/);
    if (what === "sign-in") assert.match(request, /^[\w-]{8}$/);
  }
  const table = await saved(page, "link", "Save as CSV");
  assert.equal(table.name, "countersign-statement.csv");
  const rows = readFileSync(table.path, "utf8").trimEnd().split("\r\n");
  assert.deepEqual([rows[0], rows.length], ["number,when,what,whom,name,kinds,request,device", whole.length + 1]);
  await page.goto(`${base}keys`);
  await page.fill("#passphrase", PASSPHRASE);
  await press(page, "Rotate");
  assert.match(await page.locator("main").innerText(), /The keys are new/);
  await look(page, "home-keys-rotated");
  await page.fill("#words", words.join(" "));
  await press(page, "Rehearse");
  assert.match(await page.locator("main [role=status]").first().innerText(), /The words are right/);
  await look(page, "home-keys-rehearsed");
  await page.fill("#old-passphrase", PASSPHRASE);
  for (const name of ["#first", "#again"]) await page.fill(name, ANOTHER);
  await press(page, "Change it");
  assert.match(await page.locator("main [role=status]").first().innerText(), /The passphrase is another one/);
  await look(page, "home-keys-passphrase");
  await page.goto(`${base}network`);
  await page.fill("#traffic", "2 GiB");
  await press(page, "Set the limits");
  assert.match(await page.locator("main [role=status]").first().innerText(), /The limits are set/);
  await look(page, "home-limits");
  await page.goto(`${base}network`);
  assert.equal(await page.inputValue("#traffic"), "2 GiB", "they stay");
  await page.goto(`${base}keys`);
  const backup = await saved(page, "button", "Save a backup");
  assert.match(backup.name, /^countersign-\d{4}-\d\d-\d\d\.backup$/);
  return backup.path;
}

/** The computer is gone: what the browser saved brings all back on another one, under the passphrase of that day, and what it was then. */
async function restored(browser, gone, backup) {
  await gone.halt();
  const home = await Home.begin();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(home.url);
    const form = page.locator('form[action$="start/restore"]');
    for (const [passphrase, said] of [[PASSPHRASE, /passphrase/i], [ANOTHER]]) {
      if (!(await form.isVisible())) await page.locator("summary", { hasText: "From a backup" }).click();
      await form.locator("#chosen").setInputFiles(backup);
      await form.locator('[name="passphrase"]').fill(passphrase);
      await arrive(page, form.getByRole("button", { name: "Restore" }));
      if (said) assert.match(await page.locator("main [role=alert]").innerText(), said);
      await look(page, said ? "home-restore-wrong" : "home-restored");
    }
    assert.match(await page.title(), /Your home/);
    assert.match(await page.locator("main").innerText(), /You hold 2 claims/);
    await page.goto(`${page.url()}network`);
    assert.equal(await page.inputValue("#traffic"), "2 GiB", "its settings came with it");
    await page.context().close();
  } finally {
    await home.stop();
  }
}

/** What comes less often: renewing, forgetting, refusing, leaving; and what is said where something went wrong. */
async function others(page, base, network, context) {
  await page.goto(`${base}keys`);
  await page.fill("#passphrase", "not the passphrase");
  await press(page, "Rotate");
  assert.match(await page.locator("main [role=alert]").innerText(), /passphrase/i);
  await look(page, "home-keys-wrong");
  await page.goto(`${base}keys`);
  await page.fill("#words", "these are not the words");
  await press(page, "Rehearse");
  await look(page, "home-keys-rehearsed-wrong");
  await page.goto(`${base}requests`);
  await page.fill("#to", "hello");
  await press(page, "Open a request");
  await look(page, "home-requests-wrong");
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to know you better" });
  await page.goto(`${base}requests`);
  await page.fill("#to", challenge);
  await press(page, "Open a request");
  await press(page, "Refuse");
  await look(page, "home-refused");
  await page.goto(`${base}claims`);
  await press(page, "Renew");
  await look(page, "home-renewed");
  for (const held of [() => look(page, "home-forget"), () => {}]) {
    await page.goto(`${base}claims`);
    await follow(page, "Forget");
    await held();
    await press(page, "Forget it");
  }
  assert.match(await page.locator("main").innerText(), /hold no claim/);
  await look(page, "home-claims-none");
  // The same pages without a script: nothing is missing.
  const cookies = await context.cookies();
  const plain = await page.context().browser().newContext({ javaScriptEnabled: false });
  await plain.addCookies(cookies);
  const still = await plain.newPage();
  await still.goto(`${base}claims/get`);
  assert.ok(await still.getByRole("button", { name: "Get this claim" }).count() > 0);
  await plain.close();
  await press(page, "Sign out");
  assert.match(await page.title(), /Your door is locked/);
}

/** Another home joins by a picture of the invitation that somebody's page shows. */
async function invited(network, browser) {
  const inviter = await signedIn(network, await browser.newContext(), "anna");
  await inviter.goto(`${inviter.url()}network`);
  await inviter.locator("details", { has: inviter.locator("svg.qr") }).locator("summary").click();
  const picture = { name: "invitation.png", mimeType: "image/png", buffer: await inviter.screenshot({ fullPage: true }) };
  const home = await Home.begin();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(home.url);
    const choose = async () => { for (const name of CHOSEN) await page.fill(name, PASSPHRASE); };
    await page.locator('input[value="invite"]').check();
    await look(page, "home-start-invite");
    await choose();
    await page.setInputFiles("#photo", { ...picture, buffer: await page.screenshot() });
    await press(page, "Go on");
    assert.match(await page.locator("main [role=alert]").innerText(), /There is no QR code in the photo/);
    await look(page, "home-start-no-code");
    await page.locator('input[value="invite"]').check();
    await choose();
    await page.setInputFiles("#photo", picture);
    await press(page, "Go on");
    assert.match(await page.title(), /24 words/);
    assert.match(readFileSync(join(home.data, "network.toml"), "utf8"), new RegExp(`"${network.network}"`));
    await page.context().close();
  } finally {
    await home.stop();
    await inviter.context().close();
  }
}

/** A shop's link, as the desktop hands it to the program: it opens at the request, for whoever sits here, and answers nothing. */
async function linked(network, browser) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-desktop-"));
  const [started, data] = [join(folder, "started"), join(folder, "data")];
  writeFileSync(join(folder, "xdg-open"), `#!/bin/sh\necho "$1" > '${started}'\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, XDG_DATA_HOME: data, XDG_CONFIG_HOME: data };
  const member = network.member("anna");
  const command = (...args) => promisify(execFile)(network.program, ["countersign", "--data", member.data, "open", ...args], { env });
  try {
    const file = join(data, "applications/countersign-link.desktop");
    await command("--install");
    assert.match(readFileSync(file, "utf8"), /\nMimeType=x-scheme-handler\/countersign;\n/);
    await command("--uninstall");
    assert.ok(!existsSync(file));
    const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to open an account" });
    const { lines: before } = await network.ask("anna", "/v1/statement");
    await command(challenge);
    const url = await until("the browser to be started", () => existsSync(started) && readFileSync(started, "ascii").trim());
    assert.ok(!url.includes("code") && !url.includes("countersign"), url);
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    assert.match(await page.title(), /asks to see something/);
    assert.match(await page.locator("main").innerText(), /to open an account/);
    await look(page, "home-linked");
    const late = await (await browser.newContext()).newPage();
    await late.goto(url);
    assert.match(await late.title(), /Your door is locked/, "it opens once");
    const { lines: after } = await network.ask("anna", "/v1/statement");
    assert.equal(after.length, before.length, "only looked at");
    await assert.rejects(command("countersign:challenge:e30%20--data"), /cut short or changed/);
    await page.context().close();
    await late.context().close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A film in place of a photo: the browser hears what is wrong, as a page. */
async function tooLarge(page, base) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-film-"));
  const film = join(folder, "film.mp4");
  for (const [size, said] of [[20, /larger than 16 MiB/], [40, /too large/]]) {
    writeFileSync(film, Buffer.alloc(size * 1024 * 1024));
    await page.goto(`${base}requests`);
    await page.setInputFiles("#photo", film);
    await press(page, "Open the request");
    assert.match(await page.locator("main").innerText(), said);
    await look(page, `home-photo-${size}`);
  }
  rmSync(folder, { recursive: true });
}
