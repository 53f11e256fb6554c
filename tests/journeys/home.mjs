// The owner's pages, for a journey: opened as their owner opens them, filled in as she fills them in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pressed, secret } from "./browser.mjs";

/** Signs a browser in at the pages of a member whose node runs; gives the first page. */
export async function signedIn(network, context, name) {
  const said = await network.command(name, "--json", "home", "--no-open");
  const page = await context.newPage();
  const { url } = JSON.parse(said.trim().split("\n").at(-1));
  secret(new URL(url).searchParams.get("code"));
  await page.goto(url);
  return page;
}

/** A home of one's own, in an empty folder. */
export class Home {
  static async begin(program = process.env.COUNTERSIGN_TESTNET) {
    const home = new Home(program, mkdtempSync(join(tmpdir(), "countersign-home-")));
    await home.start();
    return home;
  }

  constructor(program, data) {
    Object.assign(this, { program, data });
  }

  /** Starts it, for the first time or again. */
  async start() {
    const args = ["countersign", "--data", this.data, "--set", "doors.owner=127.0.0.1:0", "--json", "home", "--no-open", "--weak-passphrase"];
    this.child = spawn(this.program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await Promise.race([
      once(createInterface({ input: this.child.stdout }), "line"),
      once(this.child, "exit").then(() => { throw new Error("the home did not start"); }),
    ]);
    const { url, owner } = JSON.parse(line);
    secret(new URL(url).searchParams.get("code"));
    Object.assign(this, { url, owner });
  }

  /** Turns the computer off; all stays on its disk. */
  async halt() {
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }

  async stop() {
    if (this.child.exitCode === null) await this.halt();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Where a passphrase is chosen. */
export const CHOSEN = ["#new-passphrase", "#new-passphrase-again"];

/** Goes the first steps, in the network on this computer; gives the words, and leaves the page that says who one is. */
export async function settle(page, passphrase) {
  await page.locator('input[value="local"]').check();
  for (const name of CHOSEN) await page.fill(name, passphrase);
  await press(page, "Go on");
  const words = await page.locator("ol.words li").allTextContents();
  secret(words.join(" "));
  await follow(page, "I have written them down");
  const names = ["#first", "#second", "#third"];
  const labels = await page.locator(".field label").allTextContents();
  for (const [at, label] of labels.entries()) await page.fill(names[at], words[Number(label.match(/\d+/)[0]) - 1]);
  await press(page, "Make my identity");
  return words;
}

/** Presses a button of a page and waits for the page behind it. */
export function press(page, name) {
  return arrive(page, page.getByRole("button", { name, exact: true }).first());
}

/** Follows a way of a page. */
export function follow(page, name) {
  return arrive(page, page.getByRole("link", { name, exact: true }).first());
}

/** Clicks what leads to another page, and waits until that is there: a click may end before the browser has begun to leave. */
export async function arrive(page, what) {
  const arrived = page.waitForEvent("load");
  arrived.catch(() => {}); // awaited below, unless there is nothing to click
  const name = (await what.innerText()).trim();
  await what.click();
  pressed(page, name);
  await arrived;
}
