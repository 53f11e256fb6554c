// What it takes to follow a guide to the letter: its text, its lines, and places to type them in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./network.mjs";
import { PROMPT, Terminal, blocks, settled } from "./terminal.mjs";

export const checkout = join(import.meta.dirname, "../..");
export const guide = (name) => readFileSync(join(checkout, `docs/guides/${name}.md`), "utf8");

/** The lines of the blocks below a heading, one block after the other: what is typed, and what is said of it. */
export function lines(text, heading, language = "sh") {
  const whole = blocks(text, heading, language).map((block) => block.trimEnd().split(/(?<!\\)\n/));
  return whole.map((block) => block.map((line) => line.split(/\s+# /)));
}

/** Gives `work` an empty folder and a way to open terminals, and leaves neither folder nor process. */
export async function among(work) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-guide-"));
  const opened = [];
  try {
    const env = settled(folder);
    return await work(env, async (cwd, more = {}) => {
      const terminal = await Terminal.open(cwd, { ...env, ...more });
      opened.push(terminal);
      return terminal;
    });
  } finally {
    for (const terminal of opened) await terminal.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The guides name ports, and a guide is followed to the letter: waits until whoever has one of them gives it back. */
export async function free(...ports) {
  for (const port of ports) await until(`port ${port} to be free, which the guide names`, () => isFree(port), 600_000);
}

async function isFree(port) {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if (error.code === "EADDRINUSE") return false;
    throw error;
  }
  await new Promise((closed) => server.close(closed));
  return true;
}

/** Asks for a claim at the terminal, and opens the address it prints. */
export async function begin(shell, browser, request) {
  const said = await shell.run(request, { seen: /Waiting until you have signed in/ });
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(/https:\S+/.exec(said)[0]);
  return { page, fingerprint: /you are (\w{8})\b/.exec(said)[1] };
}

/** Waits until the log of what was started in the background says something, and gives what it says. */
export function logged(file, wanted) {
  const said = () => { try { return readFileSync(file, "utf8"); } catch { return ""; } };
  return until(`${wanted} in ${file}`, () => said().includes(wanted) && said(), 180_000);
}

/** Types a line again until what it answers is as wanted: some things take a moment to be heard of. */
export function again(shell, line, wanted) {
  return until(`\`${line}\` to say ${wanted}`, async () => wanted.exec(await shell.run(line, { ends: null })), 180_000);
}

/** Types a check again for as long as it ends with 2, which says to ask again later; gives what decided it. */
export function decided(shell, line, options = {}) {
  return until(`\`${line}\` to decide`, async () => {
    const said = await shell.run(line, { ...options, ends: null });
    return PROMPT.exec(said)[2] !== "2" && said;
  }, 180_000);
}

// How fast people read English, and type what they read: words and characters a minute.
const READ = 200, TYPED = 200;
// What is waited for takes as long as the computer likes: it counts as what two cores take that do nothing else, in seconds.
const WAITED = 20;

/** What it costs to follow a guide: what is read and typed, and an allowance for what is waited for; how long that took is only said. */
export class Effort {
  #keys = 0;
  #began = Date.now();
  typed(text) { this.#keys += text.length; }
  /** Holds all of it, with what was read, to so many minutes, and says what it was. */
  within(most, read) {
    const words = read.split(/\s+/).length;
    const seconds = (Date.now() - this.#began) / 1000;
    const minutes = words / READ + this.#keys / TYPED + WAITED / 60;
    const said = `${words} words read, ${this.#keys} characters typed, ${WAITED} s allowed for waiting (${seconds.toFixed(1)} s waited here): ${minutes.toFixed(1)} minutes`;
    assert.ok(minutes <= most, `at most ${most} minutes: ${said}`);
    return said;
  }
}
