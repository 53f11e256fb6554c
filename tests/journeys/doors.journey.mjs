// The doors are locked: a web page on the owner's computer, in the very browser she is signed in with, gets nothing out of them.
//
// The attacker has names of his own, some of which lead to this computer (DNS rebinding). An attempt counts as answered
// when a page of his reads a byte the door said, when the door does something it asks, or when anything of it is shown in
// a frame of his. Whatever the door answers to him is an error. The browser is the owner's phone at once: its door is tried, too.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { request } from "node:https";
import { open } from "./browser.mjs";
import { signedIn } from "./home.mjs";
import { until } from "./network.mjs";

const REBOUND = "rebound.example"; // leads to this computer, as a hostile DNS server would say after a minute
const EVIL = "evil.example";

export async function journey(network) {
  const anna = network.member("anna");
  const port = anna.owner.split(":").at(-1);
  const before = await state(network);
  const attacker = await site();
  const browser = await open([[REBOUND, "127.0.0.1"], [EVIL, "127.0.0.1"]]);
  const answered = [];
  let tried = 0, guesses = 0;
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    // The owner is signed in: her cookie is what the attacker would ride on.
    await signedIn(network, context, "anna");
    const phone = await pocket(network, context);
    const attempts = [
      ...pages(phone, [`https://127.0.0.1:${phone}`, `https://${REBOUND}:${phone}`]).map((target) => ({ from: `http://${EVIL}:${attacker.port}/`, ...target })),
      ...pages(phone, [`https://${REBOUND}:${phone}`]).map((target) => ({ from: `https://${REBOUND}:${phone}/attack`, rebind: true, ...target })),
      ...pages(port).map((target) => ({ from: `http://${EVIL}:${attacker.port}/`, ...target })),
      // The attacker's page, served first under the name and port that lead to the door a minute later.
      ...pages(port, [`http://${REBOUND}:${port}`]).map((target) => ({ from: `http://${REBOUND}:${port}/attack`, rebind: true, ...target })),
    ];
    await standsOpen(browser);
    for (const attempt of attempts) {
      tried += 1;
      const { got } = await make(context, attempt, network);
      if (got) answered.push(`${attempt.name} from ${attempt.from}: ${got}`);
    }
    guesses += GUESSES;
    const guessed = await guess(anna.owner);
    if (guessed) answered.push(`guessing the one-time code: ${guessed}`);
    guesses += GUESSES;
    const phoned = await guess(`127.0.0.1:${phone}`, cookieOverTls);
    if (phoned) answered.push(`guessing a phone's code: ${phoned}`);
  } finally {
    await browser.close();
    attacker.close();
  }
  assert.deepEqual(answered, [], "the door answered");
  assert.deepEqual(await state(network), before, "the door did something");
  assert.ok(tried >= 30, `${tried} attempts besides guesses`);
  return `  ${tried} attempts and ${guesses} guesses, 0 answered`;
}

const GUESSES = 200;

/** Everything a page can try: what it runs, and what it would have got. `base` is where the door is said to be. */
function pages(port, bases = [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://${REBOUND}:${port}`], patience = 4_000) {
  const scripts = {
    "fetch": (to) => `fetch("${to}/v1/identity",{method:"POST",body:"{}",headers:{"content-type":"application/json"}}).then(r=>r.ok&&r.text())`,
    "fetch with cookies": (to) => `fetch("${to}/",{credentials:"include"}).then(r=>r.ok&&r.text())`,
    "fetch without asking": (to) => `fetch("${to}/v1/contacts/add",{method:"POST",mode:"no-cors",credentials:"include",headers:{"content-type":"text/plain"},body:'{"name":"attacker","did":"${DID}"}'}).then(r=>r.type!=="opaque"&&r.ok&&r.text())`,
    "a guessed token": (to) => `fetch("${to}/v1/identity",{method:"POST",body:"{}",headers:{"content-type":"application/json",authorization:"Bearer owner"}}).then(r=>r.ok&&r.text())`,
    "XMLHttpRequest": (to) => `new Promise(d=>{const x=new XMLHttpRequest();x.withCredentials=true;x.onload=()=>d(x.status<400&&x.responseText);x.onerror=()=>d("");x.open("GET","${to}/claims");x.send()})`,
    "an event stream": (to) => `new Promise(d=>{const e=new EventSource("${to}/v1/events",{withCredentials:true});e.onopen=()=>d("opened");e.onmessage=m=>d(m.data);e.onerror=()=>d("")})`,
    "a WebSocket": (to) => `new Promise(d=>{const w=new WebSocket("${to.replace("http", "ws")}/v1/events");w.onopen=()=>d("opened");w.onerror=()=>d("")})`,
    "an image": (to) => `new Promise(d=>{const i=new Image();i.onload=()=>d("image");i.onerror=()=>d("");i.src="${to}/"})`,
    "a script": (to) => `new Promise(d=>{const s=document.createElement("script");s.onload=()=>d("script");s.onerror=()=>d("");s.src="${to}/v1/identity";document.head.append(s)})`,
    "a stylesheet": (to) => `new Promise(d=>{const l=document.createElement("link");l.rel="stylesheet";l.onload=()=>d("style");l.onerror=()=>d("");l.href="${to}/v1/identity";document.head.append(l)})`,
    "a frame": (to) => `new Promise(d=>{const f=document.createElement("iframe");f.onload=()=>{try{d(f.contentDocument&&f.contentDocument.body.innerText.includes("did:")&&"read")}catch{d("")}};f.src="${to}/";document.body.append(f);setTimeout(()=>d(""),${patience})})`,
    "an object": (to) => `new Promise(d=>{const o=document.createElement("object");o.onload=()=>{try{d(o.contentDocument&&o.contentDocument.body.innerText.includes("did:")&&"read")}catch{d("")}};o.onerror=()=>d("");o.data="${to}/";document.body.append(o);setTimeout(()=>d(""),${patience})})`,
    "a beacon": (to) => `(navigator.sendBeacon("${to}/v1/contacts/add",'{"name":"attacker","did":"${DID}"}'),"")`,
    "a form": (to) => `new Promise(d=>{const f=document.createElement("form");f.method="POST";f.action="${to}/v1/contacts/add";f.enctype="text/plain";const t=document.createElement("iframe");t.name="t";document.body.append(t,f);f.target="t";const i=document.createElement("input");i.name='{"name":"attacker","did":"${DID}","x":"';i.value='"}';f.append(i);t.onload=()=>d("");f.submit();setTimeout(()=>d(""),${patience})})`,
    "a form with an answer": (to) => `new Promise(d=>{const f=document.createElement("form");f.method="POST";f.action="${to}/requests/answer";const t=document.createElement("iframe");t.name="v";document.body.append(t,f);f.target="v";const i=document.createElement("input");i.name="answer";i.value="no";f.append(i);t.onload=()=>d("");f.submit();setTimeout(()=>d(""),${patience})})`,
    "a form to a page": (to) => `new Promise(d=>{const f=document.createElement("form");f.method="POST";f.action="${to}/claims/withdraw";const t=document.createElement("iframe");t.name="u";document.body.append(t,f);f.target="u";t.onload=()=>d("");f.submit();setTimeout(()=>d(""),${patience})})`,
  };
  return bases.flatMap((base) => Object.entries(scripts).map(([name, script]) => ({ name: `${name} to ${base}`, base, script: script(base) })));
}

// What a script cannot read however open a door is: that it arrived is seen at the door.
const UNREADABLE = { "a beacon": "/v1/contacts/add", "a form": "/v1/contacts/add", "a form with an answer": "/requests/answer", "a form to a page": "/claims/withdraw" };

/** Every script works: at a door that stands open each of them gets what it is after. */
async function standsOpen(browser) {
  const door = await ajar();
  const base = `http://${EVIL}:${door.port}`;
  const context = await browser.newContext();
  try {
    for (const { name, script } of pages(door.port, [base], 30_000)) {
      door.asked.length = 0;
      const { read } = await make(context, { from: `${base}/attack`, base, script });
      const path = UNREADABLE[name.split(" to http")[0]];
      if (path) await until(`${name} to arrive`, () => door.asked.includes(`POST ${path}`), 60_000);
      else assert.ok(read, `${name}: an open door is read`);
    }
  } finally {
    await context.close();
    door.close();
  }
}

/** A door that answers everything, as whoever asks would like it. */
async function ajar() {
  const asked = [], sockets = new Set();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://door");
    asked.push(`${request.method} ${pathname}`);
    const [wanted] = request.headers.accept?.split("/") ?? [];
    const style = request.headers.accept?.startsWith("text/css");
    const script = request.method === "GET" && pathname === "/v1/identity";
    const [kind, body] = wanted === "image" ? ["image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>']
      : style ? ["text/css", "p {}"]
      : script ? ["text/javascript", "1"]
      : pathname === "/v1/events" ? ["text/event-stream", "data: did\n\n"]
      : ["text/html", "did:webvh:open"];
    response.writeHead(200, { "Content-Type": kind }).end(body);
  });
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", (request, socket) => {
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => { server.close(); for (const socket of sockets) socket.destroy(); };
  return { port: server.address().port, asked, close };
}

const DID = "did:webvh:QmaWnR3GRyWE4oT5GjFVZXjcoL6Xq8BbxXoyqc5ptuXhqH:countersign.alt:QmaWnR3GRyWE4oT5GjFVZXjcoL6Xq8BbxXoyqc5ptuXhqH";

/** Makes one attempt in a page of its own; gives what its script read, and what it got in any way, or nothing. */
async function make(context, { from, rebind, base, script }, network) {
  const page = await context.newPage();
  let got = "";
  // What the door itself said to it, whether or not the page may read it.
  page.on("response", (response) => {
    const url = new URL(response.url());
    const asset = url.pathname.startsWith("/assets/");
    if (url.origin === base && url.pathname !== "/attack" && response.status() < 400 && !asset) got ||= `the door said ${response.status()} to ${url.pathname}`;
  });
  if (rebind) await page.route("**/attack", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>attack</title>" }));
  await page.goto(from);
  // A door that is shut ends some of them with an error; that none of them is broken is seen at an open one.
  const read = await page.evaluate(script).catch(() => "");
  if (read) got ||= String(read).slice(0, 80);
  const shown = page.frames().slice(1).map((frame) => frame.content().catch(() => ""));
  const anna = network?.member("anna").identity;
  if (anna && (await Promise.all(shown)).some((content) => content.includes(anna))) got ||= "shown in a frame";
  await page.close();
  return { read, got };
}

/** Guesses the one-time code, as a program without a token can. */
async function guess(door, cookie = cookieOf) {
  for (let at = 0; at < GUESSES; at += 1) {
    const code = at.toString().padStart(8, "0");
    if (await cookie(`${door}/enter?code=${code}`)) return `code ${code} was taken`;
  }
  return "";
}

async function cookieOf(address) {
  return (await fetch(`http://${address}`, { redirect: "manual" })).headers.get("set-cookie");
}

async function cookieOverTls(address) {
  const [response] = await once(request(`https://${address}`, { rejectUnauthorized: false }).end(), "response");
  response.resume();
  return response.headers["set-cookie"];
}

/** Lets the browser in at the phone's door, too; gives its port. */
async function pocket(network, context) {
  await network.ask("anna", "/v1/devices/open", { at: "127.0.0.1:0" });
  const { url } = await network.ask("anna", "/v1/devices/add", { name: "my phone" });
  const page = await context.newPage();
  await page.goto(url);
  assert.match(await page.title(), /Requests/);
  await page.close();
  return new URL(url).port;
}

/** What the attacker would like to change. */
async function state(network) {
  return [await network.ask("anna", "/v1/contacts"), await network.ask("anna", "/v1/claims"), (await network.ask("anna", "/v1/identity")).version, await network.ask("anna", "/v1/statement")];
}

async function site() {
  const server = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>evil</title>"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, close: () => server.close() };
}
