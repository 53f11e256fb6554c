// A developer's network of her own, step by step, and her own type of claim, by typing what the guide prints and nothing else.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "./browser.mjs";
import { Effort, again, among, begin, checkout, decided, free, guide, lines, logged } from "./guide.mjs";
import { signIn } from "./provider.mjs";
import { PROMPT, blocks } from "./terminal.mjs";

const text = guide("developer");
const DID = /did:webvh:[\w:.]+/;

export async function journey() {
  const browser = await open();
  try {
    return [await village(), await claimType(browser)].join("\n");
  } finally {
    await browser.close();
  }
}

/** What the guide says at each line holds before the next one is typed. */
function village() {
  return among(async (env, terminal) => {
    const [build, found, join_] = lines(text, "## A network of your own, step by step");
    const [witness] = lines(text, "### Witnesses");
    assert.match(build.shift()[0], /^cargo build .*-p countersign-testnet$/, "which `run` has built");
    const shell = await terminal(checkout);
    const folder = join(env.HOME, "village");
    const typed = (line, options) => {
      const ours = line.replaceAll("target/debug/countersign-testnet", process.env.COUNTERSIGN_TESTNET)
        .replaceAll("/tmp/village", folder);
      return shell.run(ours, { ends: 0, ...options });
    };
    const said = {};
    for (const [line] of [...build, ...found, ...join_, ...witness]) {
      const run = /\brun &$/.test(line);
      said[line] = await typed(line, run ? { seen: /Your node is running[^]*<\d+ \d+> |<\d+ \d+> [^]*Your node is running/ } : {});
      const [, key] = /(did:key:\w+)/.exec(run ? said[line] : "") ?? [];
      if (key) said.witness = key;
    }
    const own = DID.exec(said["cs anna id show"])?.[0];
    assert.ok(own, said["cs anna id show"]);
    const [other] = /# or: (cs first invite .+)/.exec(text).slice(1);
    assert.ok(said.witness, "a witness prints its name");
    const offered = await typed(other.replace("did:key:…", said.witness));
    assert.match(offered, /countersign:invite:/);
    assert.notEqual(offered.match(/countersign:invite:\S+/)[0], said["cs first invite"].match(/countersign:invite:\S+/)[0]);
    // Where the table says to look.
    const [table] = text.split("### Look inside")[1].split("\n## ");
    const looks = [...table.matchAll(/`(cs [^`]+)`/g)].map(([, line]) => line);
    const [exported, inspect, config] = looks;
    assert.equal(looks.length, 4, `${looks}`);
    await typed(`${exported} > ${folder}/did.jsonl`);
    await typed(inspect.replace(/FILE….*/, `${folder}/did.jsonl`));
    assert.match(await typed(`${config} --json`), /"loopback": ?true/);
    await typed("kill $(jobs -p)");
    return "developer: a village of three";
  });
}

/** A type of claim that exists in a file alone: signed, shown to the world, and believed by a policy that asks for it. */
function claimType(browser) {
  return among(async (env, terminal) => {
    const heading = "## A claim type of your own";
    const [make, ask] = lines(text, heading);
    await free(7990, 7443, 7370, 7371);
    const shell = await terminal(env.HOME);
    const effort = new Effort();
    let said, claim;
    for (const [line, comment = ""] of make) {
      effort.typed(line);
      const ours = line.replace("…/countersign/", `${checkout}/`).replace(/\bCLAIM$/, claim);
      const [, wanted] = /until the log says `(.+?)`/.exec(comment) ?? [];
      if (/claim request/.test(line)) {
        const { page, fingerprint } = await begin(shell, browser, ours);
        const [, account] = /sign in as (\S+),/.exec(comment);
        await signIn(page, { account });
        await page.getByRole("heading", { name: /Is this you/ }).waitFor();
        const shown = await page.locator("main").innerText();
        assert.ok(shown.includes(fingerprint) && shown.includes(account), `it signs the address that is shown: ${shown}`);
        await page.locator('button[value="yes"]').click();
        assert.equal((await shell.see(PROMPT))[2], "0", "the claim was collected");
        [, claim] = /"name": ?"([^"]+)"/.exec(await shell.run("countersign --data anna claim list --json"));
      } else if (/ask again/.test(comment)) {
        await again(shell, ours, /Test attestor/);
      } else {
        said = await shell.run(ours);
      }
      if (wanted) await logged(join(env.HOME, />\s*(\S+)/.exec(line)[1]), wanted);
    }
    // The policy is typed into the file the guide names.
    const [, file, make_] = /in `(us\/policies\/\w+\.toml)` \(`(mkdir [^`]+)` first\)/.exec(text);
    for (const what of [make_, file]) effort.typed(what);
    await shell.run(make_);
    const us = DID.exec(await shell.run("countersign --data anna attestors --json"))[0];
    const [policy] = blocks(text, heading, "toml");
    effort.typed(policy.replace(/\s+#.*/gm, ""));
    writeFileSync(join(env.HOME, file), policy.replace("did:webvh:…", us));
    const own = DID.exec(await shell.run("countersign --data anna id show"))[0];
    for (const [line] of ask) {
      effort.typed(line);
      const ours = line.replace("did:webvh:…", own);
      said = await (/ check /.test(ours) ? decided(shell, ours) : shell.run(ours, { ends: 0 }));
    }
    assert.match(said, /ACCEPTED/);
    const took = effort.within(10, text.split(`\n${heading}\n`)[1].split("\n## ")[0]);
    await shell.run("kill $(jobs -p)");
    return `developer: a claim type of one's own, accepted; ${took}`;
  });
}
