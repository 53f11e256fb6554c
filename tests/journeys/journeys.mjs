// Goes every journey (`*.journey.mjs`), or those named, each on a network of its own.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Network } from "./network.mjs";

const all = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".journey.mjs"));
const named = process.argv.slice(2).map((name) => `${name}.journey.mjs`);
let failed = 0;
// Chromium now and then leaves an empty file where it was about to write when it was closed.
const browsers = mkdtempSync(join(tmpdir(), "countersign-browsers-"));
process.env.BROWSERS_TMPDIR = browsers;
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
    failed += 1;
    console.error(`${file}: FAILED\n${error.stack}`);
  } finally {
    await network?.stop();
  }
}
rmSync(browsers, { recursive: true });
const left = readdirSync(temporary);
if (left.length && !failed) {
  failed += 1;
  console.error(`left behind: ${left.join(", ")}`);
}
// What failed is kept, to be looked at.
if (!failed) rmSync(temporary, { recursive: true });
process.exit(failed ? 1 : 0);
