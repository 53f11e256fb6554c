// A phone as second device: added at the desk, it answers a shop's request from a photo, refuses another, opens nothing else, and is out once removed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:tls";
import { look, open, secret, shown } from "./browser.mjs";
import { follow, press, signedIn } from "./home.mjs";
import { until } from "./network.mjs";
import { SHOPS, buy, sold, start } from "./shop.journey.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
// Pages and buttons of the desk that a phone has nothing to do with.
const ELSEWHERE = ["keys", "network", "world", "shop", "start", "claims/get", "statement.csv", "statement.json", "v1/events", "metrics"];

export async function journey(network) {
  const browser = await open();
  try {
    for (const attestor of ["north", "south"]) await network.signIn(browser, "anna", attestor);
    const desk = await signedIn(network, await browser.newContext(), "anna");
    const keys = `${desk.url()}keys`;
    await desk.goto(keys);
    assert.match(await desk.locator("#devices").innerText(), /The door for devices is shut/);
    await look(desk, "phone-desk-shut");
    // Here, and not in whatever network this computer is in; the button is the same without an address.
    await network.command("anna", "device", "open", "--at", "127.0.0.1:0");
    const link = await add(desk, keys);
    const phone = await enter(browser, link);
    await elsewhere(browser, phone);
    const times = await answers(network, browser, desk, phone);
    await refuses(network, phone, times);
    await out(desk, keys, phone);
  } finally {
    await browser.close();
  }
}

/** Adds a phone at the desk, and gives the link that its code holds. */
async function add(desk, keys) {
  await desk.goto(keys);
  await desk.getByLabel("Name of the phone").fill("my phone");
  await press(desk, "Add a phone");
  const link = await desk.getByLabel("The same as a link").inputValue();
  // The link, and the code to type in place of it: both let in, once.
  for (const one of [link, new URL(link).searchParams.get("code")]) secret(one);
  assert.equal((await shown(desk, "")).length, 2, "secrets are found where nothing covers them");
  await look(desk, "phone-add");
  // What the phone finds there is what the link names, and what the desk shows to compare.
  const certificate = await served(link);
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  const pin = createHash("sha256").update(key).digest("base64url");
  assert.equal(new URL(link).hash, `#pin=sha256:${pin}`);
  assert.ok((await desk.locator("main").innerText()).includes(certificate.fingerprint256));
  assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
  return link;
}

async function served(link) {
  const { hostname, port } = new URL(link);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate;
}

/** Scans the code: the certificate was compared, so the phone trusts it. */
async function enter(browser, link) {
  const careful = await (await browser.newContext(PHONE)).newPage();
  await assert.rejects(careful.goto(link), /ERR_CERT/, "nobody vouches for it");
  await careful.context().close();
  const phone = await (await browser.newContext({ ...PHONE, ignoreHTTPSErrors: true })).newPage();
  await phone.goto(link);
  assert.match(await phone.title(), /Requests/);
  await look(phone, "phone-requests");
  const [cookie] = await phone.context().cookies();
  assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path], [true, true, "Strict", "/"]);
  // Whoever scans the code after it gets nothing.
  const late = await (await browser.newContext({ ...PHONE, ignoreHTTPSErrors: true })).newPage();
  assert.equal((await late.goto(link)).status(), 403);
  await look(late, "phone-entrance");
  await late.context().close();
  return phone;
}

/** Nothing but requests, claims and the statement lies behind this door, with a session or without. */
async function elsewhere(browser, phone) {
  const stranger = await (await browser.newContext({ ...PHONE, ignoreHTTPSErrors: true })).newPage();
  for (const page of ELSEWHERE) {
    const url = new URL(`/${page}`, phone.url()).href;
    assert.equal((await phone.goto(url)).status(), 404, page);
    assert.equal((await stranger.goto(url)).status(), 401, page);
  }
  await stranger.context().close();
  await phone.goto(new URL("/claims", phone.url()).href);
  assert.match(await phone.locator("main").innerText(), /Payment account verified/);
  assert.equal(await phone.locator("main form").count(), 0, "claims are looked at, not changed");
  await look(phone, "phone-claims");
}

/** Takes a picture of the shop's page, looks at what would be seen, and shows it; gives how often the phone showed something. */
async function answers(network, browser, desk, phone) {
  const token = (await network.command("berlin", "token", "new", "--scope", "check", "--name", "phone")).trim().split("\n").at(-1);
  const shop = await start(SHOPS.python, network.member("berlin").owner, token);
  try {
    const bought = await buy(browser, shop);
    const picture = await bought.page.screenshot();
    await photo(desk, picture);
    assert.match(await desk.locator("main").innerText(), /They will see exactly this/);
    await photo(phone, picture);
    await look(phone, "phone-request");
    assert.match(await phone.locator("main").innerText(), /They will see exactly this/);
    const show = async () => {
      for (const box of await phone.locator('input[name="claim"]').all()) await box.check();
      await press(phone, "Show what is ticked");
    };
    let times = 1;
    await show();
    await until("the shop to know all about her claims", async () => {
      if (await sold(bought.page)) return true;
      await press(bought.page, "Buy");
      await photo(phone, await bought.page.screenshot());
      times += 1;
      await show();
    });
    assert.match(await phone.locator(".notice[role=status]").innerText(), /It arrived\. They say: accepted/);
    await look(phone, "phone-shown");
    // With less than the shop asks for it says no, and so does the phone.
    const less = await buy(browser, shop);
    await photo(phone, await less.page.screenshot());
    await phone.locator('input[name="claim"]').first().check();
    await press(phone, "Show what is ticked");
    assert.match(await phone.locator(".notice[role=alert]").innerText(), /It arrived\. They say: refused/);
    await look(phone, "phone-shown-refused");
    await less.context.close();
    // What is no photo of one code says what to do.
    const empty = await (await browser.newContext()).newPage();
    await photo(phone, await empty.screenshot());
    assert.match(await phone.locator("main").innerText(), /There is no QR code in the photo.*Come closer/s);
    await look(phone, "phone-no-code");
    await bought.context.close();
    await empty.context().close();
    return times + 1; // and with less
  } finally {
    shop.child.kill();
  }
}

async function photo(phone, buffer) {
  await follow(phone, "Requests");
  await phone.setInputFiles("#photo", { name: "photo.png", mimeType: "image/png", buffer });
  await press(phone, "Open the request");
}

/** Refuses another, and finds both in the statement with the device they came from. */
async function refuses(network, phone, times) {
  const { challenge } = await network.ask("berlin", "/v1/challenges", { policy: "new-customer", purpose: "to know you better" });
  await phone.goto(new URL("/requests", phone.url()).href);
  await phone.fill("#to", challenge);
  await press(phone, "Open a request");
  await press(phone, "Refuse");
  assert.match(await phone.title(), /You refused/);
  const { lines } = await network.ask("anna", "/v1/statement");
  const answered = lines.filter(({ what }) => what === "shown" || what === "refused");
  assert.deepEqual(answered.map(({ what, device }) => [what, device]), [...Array(times).fill(["shown", "my phone"]), ["refused", "my phone"]]);
  await phone.goto(new URL("/statement", phone.url()).href);
  assert.match(await phone.locator("main").innerText(), /from my phone/);
  await look(phone, "phone-statement");
}

/** Removed at the desk, it is out with the next page. */
async function out(desk, keys, phone) {
  await desk.goto(keys);
  assert.match(await desk.locator("#devices").innerText(), /my phone/);
  await look(desk, "phone-desk-open");
  await press(desk, "Remove my phone");
  assert.equal((await phone.goto(new URL("/requests", phone.url()).href)).status(), 401);
  await look(phone, "phone-out");
  await desk.locator("#devices summary").click();
  await press(desk, "Shut the door for devices");
  await assert.rejects(phone.goto(new URL("/requests", phone.url()).href), /ERR_CONNECTION_REFUSED/);
}
