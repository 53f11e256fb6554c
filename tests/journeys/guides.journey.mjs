// An operator's first claim and an engineer's first sale, by typing what the guides print and nothing else, counted.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Steps, open } from "./browser.mjs";
import { Effort, among, begin, checkout, free, guide, lines } from "./guide.mjs";
import { press } from "./home.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";
import { sold } from "./shop.journey.mjs";
import { PROMPT, blocks } from "./terminal.mjs";

export async function journey(network) {
  const browser = await open();
  try {
    return [await attestor(browser), await vendor(network, browser)].join("\n");
  } finally {
    await browser.close();
  }
}

function attestor(browser) {
  return among(async (env, terminal) => {
    const text = guide("attestor");
    const heading = "## A first claim, with nobody real";
    const lines = blocks(text, heading, "sh")[0].trimEnd().split("\n").map((line) => line.split(/\s+# /));
    await free(7990, 7443, 7370, 7371);
    const [steps, began] = [new Steps(), Date.now()];
    const shell = await terminal(env.HOME);
    let named, asked = 0;
    for (const [line, comment = ""] of lines.slice(0, -1)) {
      let said = await steps.do(line, () => shell.run(line, { ends: /ask again/.test(comment) ? null : 0 }));
      const [, wanted] = /until the log says `(.+?)`/.exec(comment) ?? [];
      const log = wanted && join(env.HOME, />\s*(\S+)/.exec(line)[1]);
      if (wanted) await until(`${wanted} in ${log}`, () => readFileSync(log, "utf8").includes(wanted), 180_000);
      if (!/ask again/.test(comment)) continue;
      named = await until("an attestor to be known", async () => {
        const found = /\bQm\w+/.exec(said)?.[0];
        if (!found) [said, asked] = [await shell.run(line, { ends: null }), asked + 1];
        return found;
      }, 180_000);
    }
    const request = lines.at(-1)[0].replace("Qm…", named);
    assert.notEqual(request, lines.at(-1)[0], "the last line asks the attestor that `attestors` named");

    const page = await steps.do(request, () => begin(shell, browser, request));
    await signIn(page.page, { account: "verified@simulated.example" });
    await page.page.getByRole("heading", { name: /Is this you/ }).waitFor();
    const shown = await page.page.locator("main").innerText();
    assert.ok(shown.includes(page.fingerprint), "the page shows the eight characters the terminal shows");
    await page.page.locator('button[value="yes"]').click();
    assert.equal((await shell.see(PROMPT))[2], "0", "the claim was collected");
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const list = /`(countersign\s+--data anna claim list)`/.exec(text)[1].replace(/\s+/g, " ");
    assert.match(await shell.run(list), /PaymentAccountVerified/);

    const no = await begin(shell, browser, request);
    await signIn(no.page, { account: "unverified@simulated.example" });
    await no.page.getByRole("heading", { name: /No claim/ }).waitFor();
    await no.page.getByRole("link", { name: "Tell your node" }).click();
    assert.notEqual((await shell.see(PROMPT))[2], "0", "there is nothing to collect");
    await shell.run(/`(kill %1[^`]*)`/.exec(text)[1]);
    await until("everything to have ended", () => shell.jobs().length === 0);
    assert.ok(steps.count <= 8, `at most 8 commands to a first claim:\n${steps}`);
    return `attestor: ${steps.count} commands to a first claim, ${seconds} s; asked ${asked} times again\n${steps}`;
  });
}

function vendor(network, browser) {
  return among(async (env, terminal) => {
    const text = guide("vendor");
    const first = (heading, language = "sh") => blocks(text, heading, language)[0].trimEnd();
    const shop = "### A whole shop, in Python or TypeScript";
    const passphrase = "four words nobody knows";
    await free(7370, 8000);
    const [steps, effort] = [new Steps(), new Effort()];
    // What stands for a `…` is pasted: it is not typed, nor shown.
    const typed = (terminal, line, { paste = (line) => line, ...options } = {}) => {
      effort.typed(line);
      return steps.do(line, () => terminal.run(paste(line), { passphrase, ...options }));
    };

    const [init, run] = first("## A node of your own").split("\n");
    const node = await terminal(checkout);
    await typed(node, init, { paste: (line) => line.replace("countersign:invite:…", network.invite) });
    await typed(node, run, { seen: /Your node is running/ });

    const desk = await terminal(checkout);
    await typed(desk, first("## Say whom you believe"));
    // The SIMULATED provider stands in for the real one, as the guide's beginning says.
    const [, provider] = /its claims say `provider = (\S+)`/.exec(text);
    const policy = first("## Say whom you believe", "toml").replace("paypal.com", provider)
      .replace(/^(\w+)( *= )"did:webvh:…"/gm, (_, name, is) => `${name}${is}"${network.member(name).identity}"`);
    const file = join(env.HOME, ".local/share/countersign/policies/new-customer.toml");
    const settings = (text) => text.split("\n").map((line) => line.replace(/\s+#.*/, "")).filter(Boolean);
    const template = settings(readFileSync(file, "utf8"));
    const added = settings(policy).filter((line) => !template.includes(line));
    effort.typed(added.join("\n").replace(/did:webvh:[^"]+/g, ""));
    await steps.do(`${added.length} lines of policies/new-customer.toml`, () => writeFileSync(file, policy));
    const [, show] = /^\$ (countersign policy show .+)$/m.exec(text);
    assert.match(await typed(desk, show), /2 of (\w+, ){2}\w+ say `PaymentAccountVerified`/);

    await typed(desk, first("## From your shop's program"));
    const [start] = first(shop).split("\n");
    // The customer of the table signs in for her two claims.
    const [[be], [who], ...asks] = lines(text, shop)[1];
    const customer = await terminal(checkout);
    await typed(customer, be, { paste: (line) => line.replace("…/anna", network.member("anna").data) });
    assert.match(await typed(customer, who), /\bnorth\b[^]*\bsouth\b/);
    assert.equal(asks.length, 2, "two attestors");
    for (const [request] of asks) {
      effort.typed(request);
      const asked = await steps.do(request, () => begin(customer, browser, request));
      await steps.do("sign in", () => signIn(asked.page));
      await steps.do("yes", () => asked.page.locator('button[value="yes"]').click());
      assert.equal((await customer.see(PROMPT))[2], "0", "the claim was collected");
    }
    const [url] = /http:\S+/.exec(await typed(desk, start, { seen: /The shop is open: \S+\n/ }));
    const page = await (await browser.newContext()).newPage();
    await steps.do(`open ${url}`, () => page.goto(url));
    await steps.do("Buy", () => press(page, "Buy"));
    const [, present] = /`(countersign present --to '.+?')`/.exec(text);
    const paste = (line, challenge) => line.replace("countersign:challenge:…", challenge);
    const shown = await page.getByLabel("As text").inputValue();
    await typed(customer, present, { paste: (line) => paste(line, shown), ends: null });
    let again = 0;
    await until("the shop to know all about her claims", async () => {
      if (await sold(page)) return true;
      again += 1;
      await press(page, "Buy");
      await customer.run(paste(present, await page.getByLabel("As text").inputValue()), { ends: null });
    });
    assert.match(await page.locator("main").innerText(), /accepted/i);
    const [read, rest] = text.split(/What to keep\s+when you write your own/);
    assert.ok(rest, "the guide says where the example ends");
    const said = effort.within(10, read);
    return `vendor: ${steps.count} steps to an accepted presentation, shown ${again} times again; ${said}\n${steps}`;
  });
}
