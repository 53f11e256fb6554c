// The owner's pages, for a journey: opened as their owner opens them, filled in as she fills them in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Signs a browser in at the pages of a member whose node runs; gives the first page. */
export async function signedIn(network, context, name) {
  const said = await network.command(name, "--json", "home", "--no-open");
  const page = await context.newPage();
  await page.goto(JSON.parse(said.trim().split("\n").at(-1)).url);
  return page;
}

/** A home of one's own, in an empty folder. */
export class Home {
  static async begin(program = process.env.COUNTERSIGN_TESTNET) {
    const data = mkdtempSync(join(tmpdir(), "countersign-home-"));
    const args = ["countersign", "--data", data, "--set", "doors.owner=127.0.0.1:0", "--json", "home", "--no-open", "--weak-passphrase"];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), "line"),
      once(child, "exit").then(() => { throw new Error("the home did not start"); }),
    ]);
    return new Home(child, data, JSON.parse(line));
  }

  constructor(child, data, { url, owner }) {
    Object.assign(this, { child, data, url, owner });
  }

  async stop() {
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Presses a button of a page and waits for the page behind it. */
export async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).first().click();
  await page.waitForLoadState();
}

/** Follows a way of a page. */
export async function follow(page, name) {
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.waitForLoadState();
}
