// A shop that sells to whoever two attestors vouch for, in TypeScript on Node alone (22.18 or later).
//
//   node shop.ts --token-file TOKEN [--node http://127.0.0.1:7370] [--policy new-customer] [--port 8000]
//
// The node beside it does all that needs cryptography: it makes the challenge, checks the presentation
// and says why. The shop keeps the orders and shows the pages.
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    node: { type: "string", default: "http://127.0.0.1:7370" }, // the owner's door of your countersign node
    "token-file": { type: "string" }, // what `countersign token new --scope check --name shop` printed
    policy: { type: "string", default: "new-customer" }, // a policy of the node
    port: { type: "string", default: "8000" }, // 0 takes one that is free
  },
});
if (!options["token-file"]) {
  console.error("error: --token-file is missing\n hint: countersign token new --scope check --name shop");
  process.exit(2);
}

type Challenge = { challenge: string; qr?: string; nonce: string; expires: string };
type Check = { name: string; result: string; reason?: string };
type Decision = { answer: "accepted" | "refused" | "unknown"; checks: Check[]; explained: string; goodUntil?: string };
/** One customer at the till: her challenge, and the decision once there is one. */
type Order = {
  id: string; browser: string; inbox: string; word: string; made: number; challenge: Challenge; decision?: Decision; changed: EventEmitter;
};

const wanted = "two attestors say that your payment account is verified"; // what the policy asks for, in words
const orders = new Map<string, Order>();
const secret = () => randomBytes(16).toString("base64url");
const escape = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Asks the node; its problems (RFC 9457) come back as text that says what to do. */
async function ask<Answer>(path: string, question: unknown): Promise<Answer> {
  const response = await fetch(options.node + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${readFileSync(options["token-file"]!, "ascii").trim()}`, "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = await response.json();
  if (path === "/v1/check" && response.status === 400) throw new SyntaxError("no presentation");
  if (!response.ok) throw new Error([answer.title, answer.detail, answer.hint].filter(Boolean).join(": "));
  return answer as Answer;
}

/** Makes an order; old ones go, and there are never more than the shop can hold. */
async function begin(browser = secret()): Promise<Order> {
  for (const { id, made, decision } of orders.values()) {
    // Nobody can answer any more, or whoever did has had an hour to read what came of it.
    if (performance.now() - made > (decision ? 3_600_000 : 360_000)) orders.delete(id);
  }
  if (orders.size >= 1000) throw new Error("Too many customers wait at the till; come back in a few minutes");
  const inbox = secret();
  const word = randomBytes(3).toString("hex").toUpperCase();
  const challenge = await ask<Challenge>("/v1/challenges", {
    policy: options.policy,
    // Her Countersign says the word too: who was sent somebody else's request can tell.
    purpose: `Open an account at the example shop, order ${word}`,
    // Only the customer's program learns this address; her browser's page has another.
    deliver: `http://127.0.0.1:${options.port}/inbox/${inbox}`,
  });
  const order = { id: secret(), browser, inbox, word, made: performance.now(), challenge, changed: new EventEmitter() };
  orders.set(order.id, order);
  return order;
}

/** Checks once; an order that was accepted stays accepted. */
async function decide(order: Order, presentation: unknown): Promise<Decision> {
  const decision = await ask<Decision>("/v1/check", { policy: { name: options.policy }, presentation });
  if (order.decision?.answer !== "accepted") order.decision = decision;
  order.changed.emit("decision");
  return decision;
}

const page = (title: string, body: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/shop.css"></head>
<body><header><a href="/">Example shop</a></header><main><h1>${title}</h1>${body}</main></body></html>`;

const noOrder = page("No such order", `<p><a href="/">Start again</a></p>`);

function waiting({ challenge, word }: Order): string {
  const text = escape(challenge.challenge);
  return page("Show that your account is verified", `
<p>Your order is <b>${word}</b>. If your Countersign says another word, the request is somebody else's: refuse it.</p>
<p>We ask that ${wanted}, and see nothing else. Scan this with your Countersign, or copy the text:</p>
<figure>${challenge.qr ?? ""}</figure>
<p><a href="${text}">Open in Countersign</a></p>
<label>As text <textarea readonly rows="4">${text}</textarea></label>
<form method="post"><label>Your program has no way to us? Paste what it made:
<textarea name="presentation" rows="4" required></textarea></label><button>Show it</button></form>
<p role="status">Waiting for you until ${escape(challenge.expires)}.</p>
<p><a href="">See what we know now</a></p><script src="/live.js" defer></script>`);
}

function decided(decision: Decision): string {
  const rows = decision.checks.map((c) => `<tr><th scope="row">${escape(c.name)}<td>${escape(c.result)}<td>${escape(c.reason ?? "")}`);
  const [title, more] = {
    accepted: ["Welcome, the lamp is yours", `<p>Good until ${escape(decision.goodUntil ?? "")}.</p>`],
    refused: ["We cannot sell to you", `<p><a href="/">Try again</a></p>`],
    unknown: ["We do not know yet", `<p>Something is missing just now. <a href="/">Try again later</a></p>`],
  }[decision.answer];
  return page(title, `<p role="status">${escape(decision.explained.split("\n")[0])}</p>
<table><tr><th>check<th>result<th>why</tr>${rows.join("")}</table>${more}`);
}

const files: Record<string, [string, string]> = {
  "/live.js": ["text/javascript", `new EventSource(location.pathname + "/events").onmessage = () => location.reload();`],
  "/shop.css": ["text/css", `:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:auto;padding:1rem}
a{color:inherit}textarea{width:100%;font:.8rem monospace}button{font:inherit;padding:.6rem 1.4rem}label{display:block;margin:1rem 0}
figure{margin:0;max-width:20rem}figure svg{width:100%;height:auto}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}`],
};

function answer(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer", ...headers,
  });
  response.end(body);
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) if ((body += chunk).length > 100_000) throw new Error("too much");
  return body;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind = "", name = "", rest] = (request.url ?? "/").split("/");
  const browser = /(?:^|; )shop=([\w-]{22})(?:;|$)/.exec(request.headers.cookie ?? "")?.[1];
  const file = files[request.url ?? ""];
  const order = kind === "orders" ? orders.get(name) : undefined;
  if (request.method === "GET") {
    if (file) return answer(response, 200, file[1], { "Content-Type": file[0] });
    if (request.url === "/") return answer(response, 200, page("A lamp, 20 €", `<p>We sell to you if ${wanted}.</p>
<form method="post" action="/orders"><button>Buy</button></form>`));
    if (!order || browser !== order.browser) return answer(response, 404, noOrder);
    if (rest !== "events") return answer(response, 200, order.decision ? decided(order.decision) : waiting(order));
    // Server-sent events: one, when the decision is there.
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.flushHeaders();
    if (!order.decision) await once(order.changed, "decision", { signal: AbortSignal.timeout(300_000) }).catch(() => {});
    response.end(`data: ${JSON.stringify({ answer: order.decision?.answer ?? null })}\n\n`);
    return;
  }
  if (request.url === "/orders") {
    const made = await begin(browser);
    return answer(response, 303, "", { Location: `/orders/${made.id}`, "Set-Cookie": `shop=${made.browser}; HttpOnly; SameSite=Strict; Path=/` });
  }
  const body = await read(request);
  const delivered = kind === "inbox" && [...orders.values()].find((one) => one.inbox === name);
  if (delivered) return answer(response, 200, JSON.stringify(await decide(delivered, JSON.parse(body))), { "Content-Type": "application/json" });
  if (!order || browser !== order.browser) return answer(response, 404, noOrder);
  await decide(order, JSON.parse(new URLSearchParams(body).get("presentation") ?? ""));
  answer(response, 303, "", { Location: `/orders/${order.id}` });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: Error) => {
    if (response.headersSent) return response.end();
    if (error instanceof SyntaxError) {
      return answer(response, 400, page("We cannot read that", `<p>Paste all of what your Countersign made.</p><p><a href="/">Start again</a></p>`));
    }
    console.error(`error: ${error.message}`); // for the shop, not for its customers
    answer(response, 503, page("We cannot check anything just now", `<p>Try <a href="/">again</a> in a few minutes.</p>`));
  });
});
function shut(error: Error): never {
  console.error(`error: the shop cannot open at 127.0.0.1:${options.port}: ${error.message}\n hint: --port 0 takes a port that is free`);
  process.exit(1);
}

server.on("error", shut);
try {
  server.listen(Number(options.port), "127.0.0.1", () => {
    options.port = String((server.address() as AddressInfo).port);
    console.log(`The shop is open: http://127.0.0.1:${options.port}/`);
  });
} catch (error) {
  shut(error as Error); // no port has that number
}
