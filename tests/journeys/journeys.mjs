// Goes every journey (`*.journey.mjs`), or those named, each on a network of its own. Ends with 0 if all held, 1 if one failed,
// 75 if one was skipped: the last line says which, and what it needs.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Network } from "./network.mjs";
import { Skipped } from "./skipped.mjs";

const all = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".journey.mjs"));
const named = process.argv.slice(2).map((name) => `${name}.journey.mjs`);
let failed = 0;
const skipped = [];
// Chromium now and then leaves an empty file where it was about to write when it was closed.
const browsers = mkdtempSync(join(tmpdir(), "countersign-browsers-"));
process.env.BROWSERS_TMPDIR = browsers;
// Where the programs of one person find each other: two runs on one computer are two persons.
const place = mkdtempSync(join(tmpdir(), "countersign-place-"));
process.env.XDG_RUNTIME_DIR = place;
// Networks and homes, and the profiles of browsers, hold secrets of made-up people, and must leave none.
const temporary = mkdtempSync(join(tmpdir(), "countersign-journeys-"));
process.env.TMPDIR = temporary;
for (const file of named.length ? named : all) {
  const { journey } = await import(`./${file}`);
  const began = Date.now();
  // A journey of one argument wants a network; one without makes what it needs.
  const network = journey.length > 0 ? await Network.start() : undefined;
  try {
    const said = await journey(network);
    console.log(`${file}: held, ${((Date.now() - began) / 1000).toFixed(1)} s${said ? `\n${said}` : ""}`);
  } catch (error) {
    if (error instanceof Skipped) {
      skipped.push(`${file}: ${error.message}`);
      continue;
    }
    failed += 1;
    console.error(`${file}: FAILED\n${error.stack}`);
  } finally {
    await network?.stop();
  }
}
for (const made of [browsers, place]) rmSync(made, { recursive: true });
const left = readdirSync(temporary);
if (left.length && !failed) {
  failed += 1;
  console.error(`left behind: ${left.join(", ")}`);
}
// What failed is kept, to be looked at.
if (!failed) rmSync(temporary, { recursive: true });
if (skipped.length) console.log(`skipped: ${skipped.join("; ")}`);
if (failed) process.exit(1);
process.exit(skipped.length ? 75 : 0);
