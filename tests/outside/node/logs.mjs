// Resolves every sample log with didwebvh-ts and compares what it says with what we say.
import {createPublicKey, verify as verifySignature} from 'node:crypto';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import {join} from 'node:path';
import {resolveDIDFromLog} from 'didwebvh-ts';

// The library asks its user for the signature check alone; OpenSSL does it here.
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const verifier = {
  async verify(signature, message, publicKey) {
    const der = Buffer.concat([SPKI_ED25519, publicKey]);
    return verifySignature(null, message, createPublicKey({key: der, format: 'der', type: 'spki'}), signature);
  },
};

function lines(path) {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
}

async function judge(sample) {
  const expected = JSON.parse(readFileSync(join(sample, 'expected.json')));
  const witnesses = join(sample, 'did-witness.json');
  const options = {
    verifier,
    requestedDid: expected.did,
    ...(existsSync(witnesses) && {witnessProofs: JSON.parse(readFileSync(witnesses))}),
  };
  const {doc, meta} = await resolveDIDFromLog(lines(join(sample, 'did.jsonl')), options);
  const wrong = [];
  const same = (what, theirs, ours) => {
    if (!isDeepStrictEqual(theirs, ours)) wrong.push(`${what}: theirs ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`);
  };
  same('error', meta.error, undefined);
  same('versionId', meta.versionId, expected.versionId);
  same('deactivated', meta.deactivated, expected.deactivated);
  if (!expected.deactivated) {
    same('authentication', doc.authentication, expected.document.authentication);
    same('assertionMethod', doc.assertionMethod, expected.document.assertionMethod);
    same('id', doc.id, expected.document.id);
  }
  if (await accepts(lines(join(sample, 'changed.jsonl')), options, expected)) {
    wrong.push('the log with one character changed was accepted too');
  }
  for (const damage of existsSync(witnesses) ? ['short', 'forged'] : []) {
    const witnessProofs = JSON.parse(readFileSync(join(sample, `${damage}-witness.json`)));
    if (await accepts(lines(join(sample, 'did.jsonl')), {...options, witnessProofs}, expected)) {
      wrong.push(`a ${damage} witness file was accepted too`);
    }
  }
  return wrong;
}

async function accepts(log, options, expected) {
  try {
    const {meta} = await resolveDIDFromLog(log, options);
    // It may stand at the last entry it believes; that must not be the changed one.
    return meta.error === undefined && meta.versionId === expected.versionId;
  } catch {
    return false;
  }
}

const folder = join(process.argv[2], 'logs');
const samples = readdirSync(folder).sort();
let agreed = 0;
for (const name of samples) {
  const wrong = await judge(join(folder, name)).catch(error => [String(error)]);
  if (wrong.length === 0) agreed += 1;
  console.log(wrong.length === 0 ? `  ${name}: accepted, and refused when changed` : `  ${name}: DISAGREES: ${wrong.join('; ')}`);
}
console.log(`didwebvh-ts 2.8.0 agrees on ${agreed} of ${samples.length} logs`);
process.exit(agreed === samples.length && agreed > 0 ? 0 : 1);
