// Whoever develops types what the guide and the table of `cargo up` print: each line does what it says, and Ctrl-C ends all of it.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "./browser.mjs";
import { again, among, begin, checkout, decided, guide, lines } from "./guide.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";
import { PROMPT } from "./terminal.mjs";

const text = guide("developer");
const PASSPHRASE = "four words nobody knows";
const UP = /Ctrl-C stops all of it\./;

export async function journey() {
  const browser = await open();
  try {
    const said = [];
    for (const part of [table, buttons, lan, thirty, stay]) {
      const began = Date.now();
      await part(browser);
      said.push(`up: ${part.name}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
    }
    return said.join("\n");
  } finally {
    await browser.close();
  }
}

/** Starts what a line of the guide says, plays with it, and ends it by Ctrl-C: nobody and nothing is left. */
function running(line, play) {
  return among(async (env, terminal) => {
    const place = { XDG_RUNTIME_DIR: join(env.HOME, "run") };
    mkdirSync(place.XDG_RUNTIME_DIR, { mode: 0o700 });
    const open = (cwd, more = {}) => terminal(cwd, { ...place, ...more });
    const shell = await open(env.HOME);
    const said = await shell.run(called(line), { seen: UP });
    await play(said, open, env);
    await shell.interrupt();
    assert.deepEqual(readdirSync(env.TMPDIR), [], "the temporary folder is gone");
  });
}

/** A line of the guide, with the alias of cargo for what it stands for: `run` has built the program. */
function called(line) {
  const [, alias] = /^cargo (up|demo)\b/.exec(line);
  const config = readFileSync(join(checkout, ".cargo/config.toml"), "utf8");
  assert.match(config, new RegExp(`^${alias} = "run .*-p countersign-testnet -- ${alias}"$`, "m"));
  return line.replace("cargo ", "countersign-testnet ");
}

/** The line of a section of the guide that begins so. */
function lineOf(heading, wanted) {
  const found = lines(text, heading).flat().find(([line]) => line === wanted);
  assert.ok(found, `"${heading}" has no line \`${wanted}\``);
  return found[0];
}

/** What the network is like, as programs are told. */
async function status(shell) {
  const answer = await shell.run("countersign-testnet ctl status --json");
  return JSON.parse(answer.split("\n").find((line) => line.startsWith("{")));
}

const KEPT = "## The same network, kept running";

/** Everything the table ends with: each command is typed in its order. */
function table(browser) {
  return running(lineOf(KEPT, "cargo up"), async (said, terminal, env) => {
    const [, account, password] = /sign in as (\S+),\s*password (\S+)\./.exec(said);
    assert.ok(password);
    const [, page] = /to open in a browser:\s+(http\S+)/.exec(said);
    const map = await (await browser.newContext()).newPage();
    assert.equal((await map.goto(page)).status(), 200);
    await map.context().close();

    const shell = await terminal(env.HOME);
    const commands = said.split("\n").filter((line) => /^ {2}\S+ (countersign|ctl) /.test(line)).map((line) => line.trim());
    const done = [];
    let anna;
    for (const command of commands) {
      const [what] = /(?<=countersign --data \S+ )(id show|claim \w+|present|check)|ctl \w+|(?<=countersign )(init|run)/.exec(command) ?? [];
      done.push(what);
      if (what === "claim request") {
        const { page } = await begin(shell, browser, command);
        await signIn(page, { account });
        await page.locator('button[value="yes"]').click();
        assert.equal((await shell.see(PROMPT))[2], "0", command);
        await page.context().close();
        continue;
      }
      if (what === "run") {
        await shell.run(command, { seen: /Your node is running/, passphrase: PASSPHRASE });
        continue;
      }
      // What is not known yet decides nothing: the same is checked again, as the guide says.
      const answer = await (what === "check" ? decided(shell, command) : shell.run(command, { passphrase: PASSPHRASE }));
      if (what === "id show") [anna] = /did:webvh:[\w:.]+/.exec(answer);
      if (what === "claim list") assert.equal(answer.match(/PaymentAccountVerified/g).length, 2, answer);
      if (what === "check") assert.match(answer, /ACCEPTED/);
      if (what === "ctl status") assert.match(answer, /\bporto\b|\bberlin\b/);
    }
    assert.deepEqual(done, [
      "id show", "claim request", "claim request", "claim list", "present", "check", "ctl status", "ctl cut", "init", "run",
    ]);
    // The node that joined is one of them: it finds whom it never met.
    const own = await terminal(env.HOME);
    await own.run("countersign-testnet ctl heal");
    await again(own, `countersign --json resolve ${anna}`, /"versionId"/);
    await shell.interrupt();
  });
}

/** The commands that are buttons. */
function buttons() {
  const folder = "network";
  return running(lineOf(KEPT, "cargo up --folder FOLDER").replace("FOLDER", folder), async (said, terminal, env) => {
    const shell = await terminal(env.HOME);
    const [, [define, ...typed]] = lines(text, KEPT);
    await shell.run(define[0].replace("target/debug/countersign-testnet", "countersign-testnet"));
    // What follows a `;` is asked how it ended, too.
    for (const line of typed.flatMap(([line]) => line.split("; "))) await shell.run(line);
    await until("every node to hold the proof of the fork", async () =>
      (await status(shell)).nodes.every(({ state, forks }) => state === "running" && forks > 0));
    // Whoever starts a network for real tries the same before.
    const tries = lines(guide("run-a-network"), "## Try it before others come").flat().map(([line]) => line);
    for (const line of tries.filter((line) => line.startsWith("countersign-testnet "))) await shell.run(line);
    assert.ok(readdirSync(join(env.HOME, folder)).includes("anna"), "everything is kept there");
  });
}

/** Another computer of the local network joins by the invitation that is printed for it. */
function lan() {
  return running(lineOf(KEPT, "cargo up --lan"), async (said, terminal, env) => {
    const [, init, run] = /On another computer of the local network, join and run:\n {2}(countersign init .+)\n {2}(countersign run)\n/.exec(said);
    const elsewhere = join(env.HOME, "elsewhere");
    mkdirSync(elsewhere);
    const there = { HOME: elsewhere, XDG_RUNTIME_DIR: elsewhere };
    const node = await terminal(elsewhere, there);
    await node.run(init, { passphrase: PASSPHRASE });
    await node.run(run, { seen: /Your node is running/, passphrase: PASSPHRASE });
    const desk = await terminal(elsewhere, there);
    const anna = await (await terminal(env.HOME)).run(`countersign --data $(ls -d ${env.TMPDIR}/*/anna) id show`);
    const [did] = /did:webvh:[\w:.]+/.exec(anna);
    await again(desk, `countersign --json resolve ${did}`, /"versionId"/);
    const here = await terminal(env.HOME);
    await until("it to be somebody's guest", async () => (await status(here)).nodes.some(({ guests }) => guests > 0));
    await node.interrupt();
  });
}

/** Thirty nodes on this computer. */
function thirty() {
  return running(lineOf(KEPT, "cargo up -n 30"), async (said, terminal, env) => {
    const shell = await terminal(env.HOME);
    await until("each of thirty to run, among others", async () => {
      const { nodes } = await status(shell);
      assert.equal(nodes.length, 30);
      return nodes.every(({ state, peers }) => state === "running" && peers > 0);
    });
  });
}

/** The story's network is handed over once it is told. */
function stay(browser) {
  return running(lineOf("## The story", "cargo demo --stay"), async (said, terminal, env) => {
    assert.match(said, /All \d+ sentences held/);
    const shell = await terminal(env.HOME);
    assert.match(await shell.run("countersign-testnet ctl status"), /\bberlin\b/);
    const [url] = /http:\S+/.exec(await shell.run("countersign-testnet ctl open"));
    const map = await (await browser.newContext()).newPage();
    assert.equal((await map.goto(url)).status(), 200);
    await map.context().close();
    await shell.run("countersign-testnet ctl kill first");
    await shell.run("countersign-testnet ctl start first");
  });
}
