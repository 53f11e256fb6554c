// Verifies our credentials and presentations with @digitalbazaar/vc, and reads the status bit.
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import didContext from 'did-context';

const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
const json = path => JSON.parse(readFileSync(path));

// The contexts that JSON-LD wants to read; our suite itself needs none.
const contexts = new Map(didContext.contexts);
const vectors = process.env.COUNTERSIGN_VECTORS;
if (vectors) {
  for (const [url, file] of [
    ['https://www.w3.org/ns/credentials/v2', 'credentials-v2-REC.json'],
    ['https://w3id.org/security/data-integrity/v2', 'data-integrity-v2.json'],
    ['https://w3id.org/security/multikey/v1', 'multikey-v1.json'],
  ]) contexts.set(url, json(join(vectors, 'contexts', file)));
}

// Gives documents, their keys and the status list; a DID Core reference may be relative to the document's id.
function loader(documents, statusList) {
  const absolute = (document, url) => (url.startsWith('#') ? document.id + url : url);
  const expand = document => ({
    ...document,
    verificationMethod: document.verificationMethod.map(method => ({...method, id: absolute(document, method.id)})),
    authentication: document.authentication.map(url => absolute(document, url)),
    assertionMethod: document.assertionMethod.map(url => absolute(document, url)),
  });
  return async url => {
    const found = documents.map(expand).find(document => document.id === url.split('#')[0]);
    const document = contexts.get(url)
      ?? (url === statusList.id ? statusList : undefined)
      ?? (url.includes('#') ? found?.verificationMethod.find(method => method.id === url) : found);
    if (!document) throw new Error(`not among the samples: ${url}`);
    const multikey = document.type === 'Multikey' && {'@context': 'https://w3id.org/security/multikey/v1'};
    return {contextUrl: null, documentUrl: url, document: {...multikey, ...document}};
  };
}

async function judge(sample) {
  const read = name => json(join(sample, `${name}.json`));
  const [expected, issuer, holder, statusList] = ['expected', 'issuer', 'holder', 'status-list'].map(read);
  const documentLoader = loader([issuer, holder], statusList);
  const now = new Date(expected.at);
  const wrong = [];

  // The library's own status check takes the list at today's date; the list is verified here, at its own.
  const list = await vc.verifyCredential({credential: statusList, suite, documentLoader, now});
  if (!list.verified) wrong.push(`status list: ${why(list)}`);
  // It reads the bit and leaves to its user what a set bit means.
  const status = async options => {
    const read = await checkStatus({...options, verifyBitstringStatusListCredential: false});
    return {...read, verified: read.verified && read.results.every(({status}) => status === false)};
  };
  const options = {suite, documentLoader, now, checkStatus: status};

  const credential = await vc.verifyCredential({...options, credential: read('credential')});
  if (credential.verified === expected.revoked) {
    wrong.push(`credential: theirs ${credential.verified}, ours revoked ${expected.revoked}; ${why(credential)}`);
  }
  if (expected.revoked && !credential.statusResult?.results.every(({status}) => status)) {
    wrong.push(`refused, but not for its status bit: ${why(credential)}`);
  }

  const {challenge, domain} = expected;
  if (!expected.revoked) {
    const shown = {...options, presentation: read('presentation'), challenge, domain};
    const presentation = await vc.verify(shown);
    if (!presentation.verified) wrong.push(`presentation: ${why(presentation)}`);
    const replayed = await vc.verify({...shown, challenge: 'another'});
    if (replayed.verified) wrong.push('the presentation was accepted for another challenge');
  }

  const changed = await vc.verifyCredential({...options, credential: read('changed')});
  if (changed.verified) wrong.push('the claim with one character changed was accepted too');
  return wrong;
}

function why({error, results, statusResult, presentationResult, credentialResults}) {
  const all = [error, ...(error?.errors ?? []), ...(results ?? []).map(result => result.error), presentationResult?.error,
    ...(credentialResults ?? []).map(result => result.error), statusResult?.error];
  const status = statusResult?.results?.map(result => `status ${result.status}`) ?? [];
  return [...all.filter(Boolean).map(cause => cause.message + (cause.cause ? ` (${cause.cause.message})` : '')), ...status].join(', ') || 'no reason';
}

const folder = join(process.argv[2], 'credentials');
const samples = readdirSync(folder).sort();
let agreed = 0;
for (const name of samples) {
  const wrong = await judge(join(folder, name)).catch(error => [String(error.stack)]);
  if (wrong.length === 0) agreed += 1;
  console.log(wrong.length === 0
    ? `  ${name}: verified with its presentation and status bit, refused when changed`
    : `  ${name}: DISAGREES: ${wrong.join('; ')}`);
}
console.log(`@digitalbazaar/vc 7.3.0 with eddsa-jcs-2022 agrees on ${agreed} of ${samples.length} credentials`);
process.exit(agreed === samples.length && agreed > 0 ? 0 : 1);
