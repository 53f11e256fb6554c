// A certified OpenID provider on a free port of loopback; says where it listens on its first line.
import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {createServer} from 'node:http';
import {Provider} from 'oidc-provider';

const PAYPAL_SCOPE = 'https://uri.paypal.com/services/paypalattributes';
const callback = process.argv[2];

function key(alg, type, options) {
  const {privateKey} = generateKeyPairSync(type, options);
  return {...privateKey.export({format: 'jwk'}), alg, use: 'sig', kid: alg};
}

// What a certified provider never does, done to what it answers a client of that name.
const spoiled = {
  'no-id-token': {'/token': answer => delete answer.id_token},
  'no-sub': {'/me': answer => delete answer.sub},
  'other-sub': {'/me': answer => answer.sub = 'somebody-else'},
};

// One client for each algorithm an id_token may be signed with, and one for each answer that is spoiled.
const clients = ['EdDSA', 'ES256', 'RS256', 'HS256', ...Object.keys(spoiled)].map(name => ({
  client_id: `attestor-${name}`,
  client_secret: 'a secret of thirty-two characters',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  id_token_signed_response_alg: spoiled[name] ? 'EdDSA' : name,
}));

const configuration = {
  clients,
  jwks: {
    keys: [
      key('EdDSA', 'ed25519'),
      key('ES256', 'ec', {namedCurve: 'P-256'}),
      key('RS256', 'rsa', {modulusLength: 2048}),
    ],
  },
  enabledJWA: {idTokenSigningAlgValues: ['EdDSA', 'ES256', 'RS256', 'HS256']},
  claims: {openid: ['sub'], profile: ['name', 'payer_id'], [PAYPAL_SCOPE]: ['verified_account']},
  pkce: {required: () => true},
  cookies: {keys: [randomUUID()]},
  issueRefreshToken: async () => true,
  async findAccount(_, id) {
    const claims = {sub: id, name: id, payer_id: `payer-${id}`, verified_account: String(id.startsWith('verified'))};
    return {accountId: id, claims: async () => claims};
  },
};

const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.use(async (context, next) => {
    await next();
    const name = context.oidc?.client?.clientId.replace('attestor-', '');
    spoiled[name]?.[context.path]?.(context.body);
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
