// A real network on this computer for a journey: `countersign-testnet up`, its people and their nodes.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { signIn } from "./provider.mjs";

const run = promisify(execFile);

/** The network, up and running; `members` is what `up --json` prints of each process. */
export class Network {
  static async start(program = process.env.COUNTERSIGN_TESTNET) {
    const child = spawn(program, ["up", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(() => { throw new Error("the network did not start"); });
    const [line] = await Promise.race([once(lines, "line"), ended]);
    ended.catch(() => {});
    return new Network(program, child, JSON.parse(line));
  }

  constructor(program, child, described) {
    Object.assign(this, { program, child }, described);
  }

  member(name) {
    const found = this.members.find((member) => member.name === name);
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }

  /** Asks a verb at a member's owner's door; gives the answer, or throws the problem. */
  async ask(name, path, question = {}) {
    const { owner, tokenFile } = this.member(name);
    const response = await fetch(`http://${owner}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${readFileSync(tokenFile, "ascii").trim()}`, "Content-Type": "application/json" },
      body: JSON.stringify(question),
    });
    const answer = await response.json();
    if (!response.ok) throw Object.assign(new Error(`${answer.title}: ${answer.detail ?? ""}`), { problem: answer });
    return answer;
  }

  /** Runs a command of a member's program and gives its standard output. */
  async command(name, ...args) {
    const member = this.member(name);
    const program = member.role === "attestor" ? "countersign-attestor" : "countersign";
    const { stdout } = await run(this.program, [program, "--data", member.data, ...args]);
    return stdout;
  }

  /** Has a member ask an attestor for a claim; gives the page the sign-in begins at, and what will come of it. */
  async begin(browser, name, attestor) {
    const { identity } = this.member(attestor);
    const question = { attestor: identity, claim: "PaymentAccountVerified", browser: true };
    // A network that began a moment ago may not have heard of its attestors everywhere.
    const { url, request } = await until(`${attestor} to be known to ${name}`, () =>
      this.ask(name, "/v1/claims/request", question).catch((error) => {
        if (/nothing about itself yet/.test(error.message)) return undefined;
        throw error;
      }));
    const collecting = this.ask(name, "/v1/claims/collect", { request });
    collecting.catch(() => {}); // looked at by whoever began
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(url);
    return { page, context, collecting };
  }

  /** Has a member sign in for a claim, in a browser of their own, as a customer of the SIMULATED provider. */
  async signIn(browser, name, attestor, account) {
    const { page, context, collecting } = await this.begin(browser, name, attestor);
    await signIn(page, { account });
    await page.locator('button[value="yes"]').click();
    const claim = await collecting;
    await context.close();
    return claim;
  }

  /** Ends the network and waits until every process of it is gone. */
  async stop() {
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }
}

/** Asks again until `wanted` holds, for as long as three of the rounds that mend what gossip lost; says what was missing if it never does. */
export async function until(what, wanted, patience = 180_000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await wanted();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s for ${what}`);
    await new Promise((later) => setTimeout(later, 200));
  }
}
