// A network for real: its first nodes, its witnesses, and whoever joins, each on an address of its own in place of a machine.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { again, among, guide, lines } from "./guide.mjs";
import { until } from "./network.mjs";
import { blocks } from "./terminal.mjs";

const text = guide("run-a-network");
const INVITE = /countersign:invite:[\w-]+/;
const DID = /did:webvh:[\w:.]+/;
const RUNS = /Your node is running/;

export function journey() {
  return among(async (env, terminal) => {
    const [[data, found], [show, run, doctor, invite], [user, pass, own, service]] = lines(text, "## The first node");
    const [[joined, again_]] = lines(text, "## More first nodes");
    assert.deepEqual([run[0], again_[0]], ["countersign run", "countersign run"]);

    // First peers, at people who do not know each other well.
    const first = await Machine.of(env, terminal, 2, data[0]);
    await first.shell.run(found[0]);
    await first.reached();
    assert.match(await first.shell.run(show[0]), /4001/);
    await first.run(run[0]);
    await first.shell.run(doctor[0]);
    const invitation = INVITE.exec(await first.shell.run(invite[0]))[0];
    // What the service starts is what runs here by hand, as the user who was made for it, and with the passphrase that was written.
    const unit = await first.shell.run(`${service[0].replace("/etc/countersign.pass", first.passphrase)} --print`);
    const [, name] = /^User=(\S+)$/m.exec(unit);
    assert.match(user[0], new RegExp(`^useradd --system .* ${name}$`));
    assert.equal(own[0], `chown -R ${name}: ${/=(\S+)$/.exec(data[0])[1]}`);
    assert.ok(unit.includes(`LoadCredential=passphrase:${first.passphrase}\n`), unit);
    assert.ok(pass[0].endsWith(`> ${/--passphrase-file (\S+)/.exec(service[0])[1]})`), pass[0]);
    assert.match(unit, new RegExp(`^ExecStart=.* --data "${first.data}" .*\\brun$`, "m"));

    const machines = [first];
    for (const number of [3, 4]) {
      const machine = await Machine.of(env, terminal, number, data[0]);
      await machine.shell.run(joined[0].replace("countersign:invite:…", invitation));
      await machine.reached();
      await machine.run(again_[0]);
      machines.push(machine);
    }

    // Witnesses: the line is there, says false, and counts from the next start.
    const [, line] = /^(witness = true)\b/m.exec(blocks(text, "## Witnesses", "toml")[0]);
    for (const machine of machines) {
      machine.set("witness = false", line);
      await machine.halt();
      const [, key] = /(did:key:\w+)/.exec(await machine.run(run[0]));
      machine.key = key;
    }
    const [[offer]] = lines(text, "## Witnesses");
    const keys = machines.map(({ key }) => key);
    const offering = keys.reduce((line, key) => line.replace("did:key:…", key), offer[0]);
    assert.ok(!offering.includes("…"), "three witnesses are offered");
    const other = machines[1];
    const offered = INVITE.exec(await other.shell.run(offering))[0];

    // They have met one another.
    for (const { shell } of machines) await again(shell, "countersign overview", /peers\s+2 of/);

    // A newcomer joins by any of them, the first being away: its identity is cosigned, and others find it.
    await first.halt();
    const anna = await Machine.of(env, terminal, 5, data[0]);
    await anna.shell.run(`countersign init --join ${offered}`);
    await anna.run(run[0]);
    const did = DID.exec(await anna.shell.run("countersign id show"))[0];
    await again(other.shell, `countersign --json resolve ${did}`, /"versionId"/);
    const log = await anna.shell.run("countersign id export");
    for (const key of keys) assert.ok(log.includes(key), `the witness ${key} stands in its log: ${log}`);
    assert.doesNotMatch(await anna.shell.run("countersign doctor"), /waits for\s+witnesses/);

    await kept(other);
    for (const machine of [...machines, anna]) await machine.halt();
    return "village: three first nodes that are its witnesses, and a newcomer while the first is away";
  });
}

/** What the table says keeps it running, and the first line of an upgrade. */
async function kept(machine) {
  const { shell } = machine;
  const table = text.split("## Keep it running")[1].split("\n## ")[0];
  const named = [...table.matchAll(/`(countersign [^`]+)`/g)].map(([, line]) => line);
  assert.deepEqual(named.map((line) => line.split(" ").slice(0, 3).join(" ")), [
    "countersign doctor", "countersign token new", "countersign overview", "countersign block 12D3Koo…", "countersign backup FILE",
  ]);
  const [doctor, token, overview, block, backup] = named;
  await shell.run(doctor);
  const [door] = readFileSync(join(machine.data, "door"), "ascii").split("\n");
  const file = /\/\S+/.exec(await shell.run(token))[0];
  const metrics = await fetch(`http://${door}/metrics`, { headers: { Authorization: `Bearer ${readFileSync(file, "ascii").trim()}` } });
  assert.equal(metrics.status, 200);
  assert.equal((await fetch(`http://${door}/ready`)).status, 200);
  const peers = async () => {
    const said = await shell.run(`${overview} --json`);
    return JSON.parse(said.split("\n").find((line) => line.startsWith("{"))).peers.map(({ peer }) => peer);
  };
  const [peer] = await peers();
  await shell.run(backup.replace("FILE", "north.backup"));
  await shell.run(block.replace("12D3Koo…", peer));
  await until("it to be kept away", async () => !(await peers()).includes(peer));
  const [[before]] = lines(text, "## Upgrades");
  await shell.run(before[0]);
}

/** A machine: an address of this computer's loopback, a data folder, and two terminals. */
class Machine {
  static async of(env, terminal, number, line) {
    const machine = new Machine();
    const [, variable, folder] = /^export (\w+)=(\S+)$/.exec(line);
    const home = join(env.HOME, String(number));
    mkdirSync(home);
    machine.address = `127.0.0.${number}`;
    machine.data = join(home, folder);
    machine.passphrase = join(home, "passphrase");
    writeFileSync(machine.passphrase, "only for a try");
    const more = {
      HOME: home,
      COUNTERSIGN_PASSPHRASE_FILE: machine.passphrase,
      COUNTERSIGN_DOORS_OWNER: "127.0.0.1:0", // each machine has one of its own
      COUNTERSIGN_NETWORK_LOOPBACK: "true", // its neighbours are on this very computer
    };
    [machine.shell, machine.service] = [await terminal(home, more), await terminal(home, more)];
    for (const one of [machine.shell, machine.service]) await one.run(`export ${variable}=${machine.data}`);
    return machine;
  }

  /** Says where others reach it, as the guide does: the line under `[network]` is changed, and another one added. */
  async reached() {
    const [block] = blocks(text, "## The first node", "toml");
    const ours = block.replaceAll("/ip4/0.0.0.0", `/ip4/${this.address}`).replaceAll("/dns4/one.village.example", `/ip4/${this.address}`);
    const [, listen] = /^listen = (.+)$/m.exec(ours);
    const [, external] = /^external = (.+)$/m.exec(ours);
    const file = join(this.data, "node.toml");
    const lines = readFileSync(file, "utf8");
    assert.match(lines, /^\[network\]$/m);
    let changed = lines.replace(/^(# *)?listen = .*$/m, `listen = ${listen}`);
    changed = /^(# *)?external = .*$/m.test(changed)
      ? changed.replace(/^(# *)?external = .*$/m, `external = ${external}`)
      : changed.replace(/^\[network\]$/m, `[network]\nexternal = ${external}`);
    writeFileSync(file, changed);
  }

  /** Changes a line of its settings that has to be there. */
  set(before, after) {
    const file = join(this.data, "node.toml");
    const lines = readFileSync(file, "utf8");
    assert.ok(lines.includes(before), `${file} says ${before}:\n${lines}`);
    writeFileSync(file, lines.replace(before, after));
  }

  /** Starts it in a terminal of its own; gives what it said until it runs. */
  run(line) {
    return this.service.run(line, { seen: RUNS });
  }

  async halt() {
    if (this.service.jobs().length) await this.service.interrupt();
  }
}
