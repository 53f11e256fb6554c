// A terminal with bash in it, for a journey of somebody who types what a guide prints. `script` makes the terminal.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { until } from "./network.mjs";

const PROGRAMS = ["countersign", "countersign-attestor", "countersign-testnet"];
export const PROMPT = /<(\d+) (\d+)> /; // the shell, and how the last line ended

/** Makes a person's home in an empty folder, with the programs on the path; gives the environment of a shell there. */
export function settled(folder, program = process.env.COUNTERSIGN_TESTNET) {
  const [bin, HOME, TMPDIR] = ["bin", "home", "tmp"].map((name) => join(folder, name));
  for (const made of [bin, HOME, TMPDIR]) mkdirSync(made);
  for (const name of PROGRAMS) symlinkSync(program, join(bin, name));
  return { HOME, TMPDIR, PATH: `${bin}:/usr/bin:/bin`, TERM: "dumb", PS1: "<$$ $?> " };
}

/** The blocks of one language below a heading of a guide. */
export function blocks(guide, heading, language) {
  const [, section] = guide.split(`\n${heading}\n`);
  assert.ok(section, `the guide has no "${heading}"`);
  const found = section.split(/\n#{2,3} /)[0].matchAll(/^```(\w+)\n([\s\S]*?)^```/gm);
  return [...found].filter(([, tagged]) => tagged === language).map(([, , text]) => text);
}

export class Terminal {
  #said = "";

  static async open(cwd, env) {
    const terminal = new Terminal(cwd, env);
    terminal.shell = Number((await terminal.see(PROMPT))[1]);
    return terminal;
  }

  constructor(cwd, env) {
    // Whose words are asked back has a terminal; jobs (`%1`) are counted in an interactive shell alone.
    const shell = "exec bash --norc --noprofile --noediting -i";
    this.child = spawn("script", ["-qfec", shell, "/dev/null"], { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdout.setEncoding("utf8").on("data", (text) => { this.#said += text.replaceAll("\r", ""); });
  }

  /** Waits until what was said since the last line typed matches. */
  async see(pattern, patience = 600_000) {
    try {
      return await until(String(pattern), () => pattern.exec(this.#said), patience);
    } catch (error) {
      throw new Error(`${error.message}; the terminal says:\n${this.#said}`);
    }
  }

  /** Types a line and waits for nothing. */
  type(line) {
    this.#said = "";
    this.child.stdin.write(`${line}\n`);
  }

  /** Types a line, answers as whoever wrote down the words, and waits for `seen`; gives what was said. */
  async run(line, { seen = PROMPT, passphrase, ends = 0 } = {}) {
    this.type(line);
    const asked = /Word number (\d+): $|(?:[Pp]assphrase[^\n]*|Once more): $/;
    for (let said = ""; ; ) {
      await this.see(new RegExp(`${asked.source}|${seen.source}`));
      said += this.#said;
      const question = asked.exec(this.#said);
      if (question) {
        const word = new RegExp(` ${question[1]} (\\w+)`).exec(said)?.[1];
        this.type(question[1] ? word : passphrase);
        continue;
      }
      const prompt = PROMPT.exec(this.#said);
      if (prompt && ends !== null) assert.equal(Number(prompt[2]), ends, `how \`${line}\` ended:\n${said}`);
      return said;
    }
  }

  /** Presses Ctrl-C, and waits until what ran has ended as it should, with all it started. */
  async interrupt() {
    this.#said = "";
    this.child.stdin.write("\x03");
    const [, , ended] = await this.see(PROMPT);
    assert.equal(Number(ended), 0, `how it ended:\n${this.#said}`);
    assert.deepEqual(this.jobs(), [], "nobody is left");
  }

  /** What runs in it beside the shell. */
  jobs() {
    return readdirSync("/proc").map(Number).filter((pid) => pid && pid !== this.shell && session(pid) === this.shell);
  }

  /** Ends all that was started in it, whatever happened, and closes it. */
  async stop() {
    for (const pid of this.jobs()) kill(pid, "SIGTERM");
    await until("what was started to end", () => this.jobs().length === 0, 30_000)
      .catch(() => this.jobs().forEach((pid) => kill(pid, "SIGKILL")));
    const gone = this.child.exitCode === null ? once(this.child, "exit") : undefined;
    kill(this.shell ?? this.child.pid, "SIGHUP");
    await gone;
  }
}

// The session a process belongs to: a terminal's shell leads one.
function session(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "ascii");
    const [state, , , leader] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(leader);
  } catch {
    return undefined; // it ended while it was looked at
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
