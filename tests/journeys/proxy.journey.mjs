// An attestor under a name of its own, behind a real nginx with the guide's own block, to which a customer comes and signs in.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE, open } from "./browser.mjs";
import { among, free, guide, lines } from "./guide.mjs";
import { until } from "./network.mjs";
import { signIn } from "./provider.mjs";
import { Skipped } from "./skipped.mjs";
import { blocks } from "./terminal.mjs";

const text = guide("attestor");
// This computer stands in for the guide's server: the one name that leads to it from everywhere on it.
const NAME = "localhost";
const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"];

export async function journey(network) {
  const nginx = NGINX.find((path) => spawnSync(path, ["-v"]).status === 0);
  if (!nginx) throw new Skipped("nginx is not here (Debian's nginx-light)");
  if (process.getuid() !== 0) throw new Skipped("port 443 needs root");
  const browser = await open();
  try {
    return await among((env, terminal) => behind(network, browser, nginx, env, terminal));
  } finally {
    await browser.close();
  }
}

async function behind(network, browser, nginx, env, terminal) {
  await free(443, 7443, 7370, 7990);
  const folder = join(env.HOME, "var/lib/countersign");
  // What the guide's reader has, or decides: the name, the folder, an invitation, and nobody real.
  const given = {
    "north.example": NAME,
    "/var/lib/countersign": folder,
    "countersign:invite:…": network.invite,
    "--from sandbox": "--from simulated",
    "paypal-sandbox": "simulated",
    "THE CLIENT ID": "attestor",
  };
  const ours = (text) => Object.entries(given).reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), text);
  const [certificate, key] = certified(env.HOME);
  writeFileSync(join(env.HOME, "secret"), "simulated", { mode: 0o600 });
  writeFileSync(join(env.HOME, "passphrase"), "only for a try");
  mkdirSync(join(env.HOME, "var/lib"), { recursive: true });

  const block = ours(blocks(text, "### 3. The reverse proxy", "nginx")[0])
    .replace(/\/etc\/letsencrypt\S+\/fullchain\.pem/, certificate).replace(/\/etc\/letsencrypt\S+\/privkey\.pem/, key);
  const proxy = await Nginx.start(nginx, join(env.HOME, "nginx"), block);
  try {
    const more = {
      COUNTERSIGN_PASSPHRASE_FILE: join(env.HOME, "passphrase"),
      COUNTERSIGN_NETWORK_LOOPBACK: "true", // all of the network is on this computer
    };
    const [provider, shell] = [await terminal(env.HOME, more), await terminal(env.HOME, more)];
    const [, simulated] = /`(countersign-testnet simulated-provider [^`]*--return-address [^`]+)`/.exec(text);
    provider.type(ours(simulated));
    const [[[init]]] = lines(text, "### 2. The attestor");
    // Nobody vouches for this certificate, which is what the guide has this option for.
    assert.match(text, /Where no authority vouches for the proxy's certificate, `--proxy-certificate FILE`/);
    await shell.run(`${ours(init)} --proxy-certificate ${certificate}`);

    const [[doctor, dry, run]] = lines(text, "### 5. Check, and run");
    const runs = await terminal(env.HOME, more);
    await runs.run(ours(run[0]), { seen: /attests at/ });
    const said = await shell.run(ours(doctor[0]));
    assert.ok(said.includes(`https://${NAME}/callback/simulated`), "the return address, letter by letter");
    await rehearsed(browser, shell, ours(dry[0]));

    const [, identity] = /"did":\s*"(did:webvh:[^"]+)"/.exec(await shell.run(`countersign --data ${folder} --json id show`));
    Object.assign(network, { members: [...network.members, { name: "proxied", identity }] });
    const claim = await network.signIn(browser, "anna", "proxied", "verified@simulated.example");
    assert.ok(claim, "a claim came of it");
    await kept(proxy, env);
    return "proxy: a sign-in through nginx, as the guide sets it up";
  } finally {
    await proxy.stop();
  }
}

/** What the guide's table says of each line. */
async function kept(proxy, env) {
  const context = await (await import("playwright-core")).request.newContext({ ignoreHTTPSErrors: true, timeout: PATIENCE });
  const front = await context.get(`https://${NAME}/`);
  assert.equal(front.status(), 200);
  assert.equal(front.headers()["strict-transport-security"], "max-age=31536000");
  const large = await context.post(`https://${NAME}/v1/requests`, { data: Buffer.alloc(3 * 1024 * 1024, "x") });
  assert.equal(large.status(), 413, "`client_max_body_size`");
  const flood = await Promise.all(Array.from({ length: 40 }, () => context.post(`https://${NAME}/v1/requests`, { data: "{}" })));
  const many = flood.filter((answer) => answer.status() === 429).length;
  assert.ok(many > 0 && many < 40, `\`limit_req\`: ${many} of 40 are too many`);
  assert.equal((await context.get(`https://${NAME}/`)).status(), 200, "whoever looks is none of them");
  await context.dispose();
  assert.equal(readFileSync(join(proxy.folder, "access.log"), "utf8"), "", "`access_log off`");
}

/** `doctor --dry-sign-in`: shows what would be signed. */
async function rehearsed(browser, shell, line) {
  const asked = await shell.run(line, { seen: /http\S+\n[^<]*$/ });
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(/https?:\S+/.exec(asked.slice(asked.indexOf("\n")))[0]);
  let ended;
  page.on("request", (request) => { if (/\/callback\//.test(request.url())) ended ??= request.url(); });
  await signIn(page, { account: "verified@simulated.example" });
  await until("the browser to be sent back", () => ended);
  assert.match(await shell.run(ended), /this would be signed/);
  await page.context().close();
}

/** Makes a certificate that nobody vouches for. */
function certified(folder) {
  const [certificate, key] = [join(folder, "fullchain.pem"), join(folder, "privkey.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    "-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return [certificate, key];
}

/** A real nginx with one block of its settings, on this computer alone. */
class Nginx {
  static async start(program, folder, block) {
    mkdirSync(folder);
    const file = join(folder, "nginx.conf");
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
    writeFileSync(join(folder, "guide.conf"), block.replace("listen 443", "listen 127.0.0.1:443"));
    writeFileSync(file, `user root; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {} http { access_log ${folder}/access.log; ${paths.join(" ")} include ${folder}/guide.conf; }\n`);
    const nginx = new Nginx();
    nginx.folder = folder;
    nginx.child = spawn(program, ["-p", folder, "-c", file], { stdio: ["ignore", "inherit", "inherit"] });
    const failed = once(nginx.child, "exit").then(() => { throw new Error(`nginx: ${readFileSync(join(folder, "error.log"))}`); });
    await Promise.race([until("nginx to listen", () => readdirSync(folder).includes("pid")), failed]);
    failed.catch(() => {});
    return nginx;
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }
}
