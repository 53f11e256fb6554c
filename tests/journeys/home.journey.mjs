// Someone at home: from an empty folder to a claim shown to a shop, in a browser; then every page, looked at.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Steps, look, open } from "./browser.mjs";
import { Home, arrive, follow, press, signedIn } from "./home.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";

const PASSPHRASE = "four words nobody knows";

export async function journey(network) {
  const home = await Home.begin();
  const browser = await open();
  const steps = new Steps();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await locked(page, home);
    await steps.do("open the address", () => page.goto(home.url));
    const base = page.url().replace(/start$/, "");
    await begin(page, steps);
    await claim(page, context, network, steps);
    await present(page, base, network, steps);
    assert.ok(steps.count <= 10, `too many steps:\n${steps}`);
    await every(page, base);
    await keep(page, base);
    await tooLarge(page, base);
    await invited(network, browser);
    await linked(network, browser);
    await others(page, base, network, context);
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
async function begin(page, steps) {
  await look(page, "home-start");
  await steps.do("join the network on this computer", async () => {
    await page.locator('input[value="local"]').check();
    await press(page, "Go on");
  });
  await look(page, "home-passphrase");
  await steps.do("choose a passphrase", async () => {
    await page.fill("#first", PASSPHRASE);
    await page.fill("#again", PASSPHRASE);
    await press(page, "Go on");
  });
  await look(page, "home-words");
  const words = await page.locator("ol.words li").allTextContents();
  assert.equal(words.length, 24);
  await steps.do("write 24 words on paper", () => follow(page, "I have written them down"));
  await look(page, "home-check");
  await steps.do("type three of them", async () => {
    const labels = await page.locator(".field label").allTextContents();
    const names = ["#first", "#second", "#third"];
    for (const [at, label] of labels.entries()) await page.fill(names[at], words[Number(label.match(/\d+/)[0]) - 1]);
    await press(page, "Make my identity");
  });
  assert.match(await page.title(), /This is you/);
  await look(page, "home-ready");
}

/** Gets a claim from an attestor, by a sign-in where the account is. */
async function claim(page, context, network, steps) {
  const north = network.member("north").identity;
  await steps.do("look who attests", () => follow(page, "Get a first claim"));
  const offer = page.locator("section.card", { hasText: north });
  await until("the attestor to be heard of", async () => {
    if (await offer.count()) return true;
    await page.reload();
    return false;
  });
  await look(page, "home-get");
  const get = offer.getByRole("button", { name: "Get this claim" }).first();
  await steps.do("ask for a claim", () => arrive(page, get));
  assert.match(page.url(), /claims\/waiting/, await page.locator("main").innerText());
  const fingerprint = await page.locator(".owner").innerText();
  assert.ok((await page.locator("main").innerText()).includes(fingerprint), "what is compared stands on the page");
  await look(page, "home-waiting");
  await steps.do("sign in and confirm", async () => {
    const url = await page.getByRole("link", { name: "Open the attestor's page" }).getAttribute("href");
    const other = await context.newPage();
    await other.goto(url);
    await signIn(other);
    await other.locator('button[value="yes"]').click();
    await other.getByRole("heading", { name: "Your node is collecting the claim" }).waitFor();
    await look(other, "home-returned");
    await page.waitForURL(/claims\?new/, { timeout: 60_000 });
    await other.close();
  });
  assert.match(await page.locator("main").innerText(), /A new claim is here/);
  assert.match(await page.locator("article").first().innerText(), /says "north" \(\w{8}\)/, "by its name, not by a hundred characters");
  await look(page, "home-claims-new");
}

/** Answers a shop's request, after a look at exactly what it would see. */
async function present(page, base, network, steps) {
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to open an account" });
  await page.goto(`${base}requests`);
  await look(page, "home-requests");
  await steps.do("paste the shop's request", async () => {
    await page.fill("#to", challenge);
    await press(page, "Open a request");
  });
  await look(page, "home-request");
  await press(page, "Show what is ticked");
  assert.match(await page.locator("main").innerText(), /Nothing is ticked/);
  await steps.do("tick it and show it", async () => {
    for (const box of await page.locator('input[name="claim"]').all()) await box.check();
    await press(page, "Show what is ticked");
  });
  await look(page, "home-shown");
  const presentation = JSON.parse(await page.locator("#presentation").inputValue());
  const decided = await network.ask("berlin", "/v1/check", { policy: "new-customer", presentation });
  assert.ok(["accepted", "refused", "unknown"].includes(decided.answer), decided.explained);
  assert.match(decided.explained, /control/i, decided.explained);
}

/** Every page there is. */
async function every(page, base) {
  for (const name of ["", "requests", "world", "claims", "claims/get", "keys", "network", "statement", "shop", "nothing-here"]) {
    await page.goto(`${base}${name}`);
    await look(page, `home-${name.replace("/", "-") || "overview"}`);
  }
}

/** Publishes and withdraws, refuses, and finds a line for each in the statement. */
async function keep(page, base) {
  await page.goto(`${base}claims`);
  await press(page, "Publish");
  assert.match(await page.locator("main").innerText(), /Payment account verified/);
  await look(page, "home-world-published");
  await press(page, "Withdraw");
  await page.goto(`${base}statement`);
  const lines = await page.locator("main").innerText();
  for (const word of ["It is whole", "Shown", "Sign-in", "Received", "Published"]) assert.match(lines, new RegExp(word));
  await look(page, "home-statement-lines");
  await page.goto(`${base}keys`);
  await page.fill("#passphrase", PASSPHRASE);
  await press(page, "Rotate");
  assert.match(await page.locator("main").innerText(), /The keys are new/);
  await look(page, "home-keys-rotated");
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
  await page.goto(`${base}claims`);
  await follow(page, "Forget");
  await look(page, "home-forget");
  await press(page, "Forget it");
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
    await page.locator('input[value="invite"]').check();
    await look(page, "home-start-invite");
    await page.setInputFiles("#photo", { ...picture, buffer: await page.screenshot() });
    await press(page, "Go on");
    assert.match(await page.locator("main [role=alert]").innerText(), /There is no QR code in the photo/);
    await look(page, "home-start-no-code");
    await page.locator('input[value="invite"]').check();
    await page.setInputFiles("#photo", picture);
    await press(page, "Go on");
    assert.match(await page.title(), /passphrase/);
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
