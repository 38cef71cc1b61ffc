import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { CompactSign, importJWK, type JWK } from 'jose';
import { serviceTokens } from './service-tokens.ts';
import type { Jwk } from './signing-key.ts';
import { generateSigningKey, publicKeyOf, userJwks } from './signing-key.ts';
import { tokenVerifier } from './token-verifier.ts';
import { issueUserToken } from './user-tokens.ts';

const keys = {
  order: await generateSigningKey(),
  payment: await generateSigningKey(),
  user: await generateSigningKey(),
  stranger: await generateSigningKey(),
};

function world() {
  const clock = fakeClock();
  const ids = testIds();
  let fetched = 0;
  const verifier = tokenVerifier({
    audience: 'inventory',
    peers: { order: publicKeyOf(keys.order), payment: publicKeyOf(keys.payment) },
    userIssuer: 'user',
    fetchJwks: async () => {
      fetched += 1;
      return userJwks([keys.user]);
    },
    basic: { spring: { password: 'correct horse', service: 'legacy', scopes: ['registry:write'] } },
    clock,
  });
  const signer = serviceTokens({
    service: 'order',
    key: keys.order,
    scopes: { inventory: ['inventory:write'] },
    clock,
    ids,
  });
  return { clock, ids, verifier, signer, fetched: () => fetched, seconds: Math.floor(clock.now() / 1_000) };
}

const invalid = { code: 'SERVICE_TOKEN_INVALID', message: 'the token is not valid; sign in again' };
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

async function forge(header: object, payload: object, key: Jwk): Promise<string> {
  const signed = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(await importJWK(key as JWK, 'ES256'), { crit: { b64: true, strange: false } });
  return signed;
}

test('a service token of a known peer is accepted with its scopes', async () => {
  const { verifier, signer } = world();
  assert.deepEqual(await verifier.verify(await signer.authorize('inventory', undefined)), {
    kind: 'service',
    subject: 'order',
    roles: [],
    scopes: ['inventory:write'],
  });
});

test('the user on whose behalf a service acts arrives with it, through several services', async () => {
  const { verifier, signer } = world();
  const user: Identity = { kind: 'user', subject: 'u-1', roles: ['customer'], scopes: [] };
  const relay: Identity = { kind: 'service', subject: 'cart', roles: [], scopes: ['x'], onBehalfOf: user };
  const identity = await verifier.verify(await signer.authorize('inventory', relay));
  assert.equal(identity.subject, 'order');
  assert.deepEqual(identity.onBehalfOf, relay);
});

test('an edge is the user it acts for, and no service', async () => {
  const { clock, ids } = world();
  const user: Identity = { kind: 'user', subject: 'keycloak:u-1', roles: ['admin'], scopes: ['orders:write'] };
  const verifier = tokenVerifier({
    audience: 'inventory',
    peers: { gateway: publicKeyOf(keys.order) },
    edges: ['gateway'],
    clock,
  });
  const gateway = serviceTokens({ service: 'gateway', key: keys.order, scopes: {}, clock, ids });
  assert.deepEqual(await verifier.verify(await gateway.authorize('inventory', user)), user);
  assert.equal((await verifier.verify(await gateway.authorize('inventory', undefined))).subject, 'gateway');
  const service: Identity = { kind: 'service', subject: 'payment', roles: [], scopes: ['inventory:write'] };
  await assert.rejects(verifier.verify(await gateway.authorize('inventory', service)), invalid);
  await assert.rejects(
    verifier.verify(await gateway.authorize('inventory', { ...user, onBehalfOf: service })),
    invalid,
  );
  await assert.rejects(verifier.verify(await gateway.authorize('payment', user)), invalid, 'another audience');
  const lasting = await gateway.authorize('inventory', user);
  await clock.advance(66_000);
  await assert.rejects(verifier.verify(lasting), invalid, 'after a minute');
});

test('a user token is accepted by the keys of its issuer, fetched once', async () => {
  const { verifier, clock, ids, fetched } = world();
  const make = (subject: string) => issueUserToken({ subject, roles: ['admin'], key: keys.user, clock, ids });
  const [one, two] = [await make('u-1'), await make('u-2')];
  const identities = await Promise.all([one, two, one].map(({ token }) => verifier.verify(`bearer ${token}`)));
  assert.deepEqual(identities[0], { kind: 'user', subject: 'u-1', roles: ['admin'], scopes: [] });
  assert.deepEqual(
    identities.map(({ subject }) => subject),
    ['u-1', 'u-2', 'u-1'],
  );
  assert.equal(fetched(), 1);
});

test('a token is refused after its end, also when it was accepted before', async () => {
  const { verifier, clock, ids } = world();
  const { token } = await issueUserToken({ subject: 'u', roles: [], key: keys.user, lifeMs: 30_000, clock, ids });
  await verifier.verify(`Bearer ${token}`);
  await clock.advance(34_000);
  await verifier.verify(`Bearer ${token}`);
  await clock.advance(1_000);
  await assert.rejects(verifier.verify(`Bearer ${token}`), invalid);
});

test('HTTP Basic stands for a service; a wrong password or user does not', async () => {
  const { verifier } = world();
  const basic = (text: string) => verifier.verify(`Basic ${Buffer.from(text).toString('base64')}`);
  assert.deepEqual(await basic('spring:correct horse'), {
    kind: 'service',
    subject: 'legacy',
    roles: [],
    scopes: ['registry:write'],
  });
  for (const wrong of ['spring:wrong', 'spring:', 'nobody:correct horse', 'nobody:', '__proto__:', 'spring', '']) {
    await assert.rejects(basic(wrong), invalid, wrong);
  }
});

test('user tokens are refused when no issuer is configured', async () => {
  const clock = fakeClock();
  const verifier = tokenVerifier({ audience: 'inventory', peers: {}, clock });
  const { token } = await issueUserToken({ subject: 'u', roles: [], key: keys.user, clock, ids: testIds() });
  await assert.rejects(verifier.verify(`Bearer ${token}`), invalid);
});

// The attacks of RFC 8725 and of the JWT libraries' histories; none of them is told which check it failed.
type Attack = (given: {
  readonly seconds: number;
  readonly service: object;
  readonly user: object;
  readonly good: string;
}) => string | Promise<string>;

const serviceHeader = { kid: keys.order.kid, typ: 'dure-service+jwt' };
const userHeader = { kid: keys.user.kid, typ: 'dure-user+jwt' };
const hmac = (header: object, payload: object, secret: string) => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const spliced = (good: string, at: 0 | 1 | 2, text: string) => {
  const parts = good.split('.');
  parts[at] = text;
  return parts.join('.');
};

const attacks: Readonly<Record<string, Attack>> = {
  'an empty token': () => '',
  'two parts only': ({ good }) => good.split('.').slice(0, 2).join('.'),
  'four parts': ({ good }) => `${good}.x`,
  'no signature': ({ good }) => spliced(good, 2, ''),
  'alg none without signature': ({ service }) => `${part({ ...serviceHeader, alg: 'none' })}.${part(service)}.`,
  'alg None with the old signature': ({ good, service }) =>
    spliced(spliced(good, 0, part({ ...serviceHeader, alg: 'None' })), 1, part(service)),
  'alg nOnE': ({ good }) => spliced(good, 0, part({ ...serviceHeader, alg: 'nOnE' })),
  'alg missing': ({ good }) => spliced(good, 0, part(serviceHeader)),
  'alg ES384 claimed': ({ good }) => spliced(good, 0, part({ ...serviceHeader, alg: 'ES384' })),
  'HS256 with the public key as the secret': ({ service }) =>
    hmac({ ...serviceHeader, alg: 'HS256' }, service, JSON.stringify(publicKeyOf(keys.order))),
  'HS256 with an empty secret': ({ service }) => hmac({ ...serviceHeader, alg: 'HS256' }, service, ''),
  'ES384 signed on P-384': async ({ service }) => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
    return new CompactSign(Buffer.from(JSON.stringify(service)))
      .setProtectedHeader({ kid: String(keys.order.kid), typ: serviceHeader.typ, alg: 'ES384' })
      .sign(await importJWK(key as JWK, 'ES384'));
  },
  'a changed payload': ({ good, service }) => spliced(good, 1, part({ ...service, scope: 'admin' })),
  'a changed header': ({ good }) => spliced(good, 0, part({ ...serviceHeader, alg: 'ES256', x: 1 })),
  'a changed signature': ({ good }) => `${good.slice(0, -5)}${good.at(-5) === 'A' ? 'B' : 'A'}${good.slice(-4)}`,
  'a signature of zeros (CVE-2022-21449)': ({ good }) => spliced(good, 2, part('\0'.repeat(64))),
  'a signature in DER': ({ good }) => spliced(good, 2, `MEUC${good.split('.')[2]}`),
  'a signature with spare bits set': ({ good }) => `${good.slice(0, -1)}B`,
  'base64 padding': ({ good }) => `${good}==`,
  'white space inside': ({ good }) => good.replace('.', '. '),
  'a line feed at the end': ({ good }) => `${good}\n`,
  'standard base64 characters': ({ good }) => spliced(good, 1, '+/+/'),
  'no kid': ({ service }) => forge({ typ: 'dure-service+jwt' }, service, keys.order),
  'an empty kid': ({ service }) => forge({ ...serviceHeader, kid: '' }, service, keys.order),
  'a kid that is a path': ({ service }) => forge({ ...serviceHeader, kid: '../../dev/null' }, service, keys.order),
  'a kid that is SQL': ({ service }) => forge({ ...serviceHeader, kid: "' OR 1=1 --" }, service, keys.order),
  'a kid named __proto__': ({ service }) => forge({ ...serviceHeader, kid: '__proto__' }, service, keys.order),
  "another peer's kid": ({ service }) => forge({ ...serviceHeader, kid: keys.payment.kid }, service, keys.order),
  'a jwk in the header': ({ service }) =>
    forge({ ...serviceHeader, jwk: publicKeyOf(keys.stranger) }, service, keys.stranger),
  'a jwk in a well-signed header': ({ service }) => forge({ ...serviceHeader, jwk: {} }, service, keys.order),
  'a jku in the header': ({ service }) =>
    forge({ ...serviceHeader, jku: 'http://127.0.0.1/jwks.json' }, service, keys.order),
  'an x5u in the header': ({ service }) => forge({ ...serviceHeader, x5u: 'http://127.0.0.1/' }, service, keys.order),
  'an unknown crit': ({ service }) => forge({ ...serviceHeader, crit: ['strange'], strange: 1 }, service, keys.order),
  'an unknown signer': ({ service }) => forge({ ...serviceHeader, kid: keys.stranger.kid }, service, keys.stranger),
  "a stranger's key under a known kid": ({ service }) => forge(serviceHeader, service, keys.stranger),
  'a peer that says it is another': ({ service }) =>
    forge({ ...serviceHeader, kid: keys.payment.kid }, { ...service, iss: 'order' }, keys.payment),
  'another subject than issuer': ({ service }) => forge(serviceHeader, { ...service, sub: 'payment' }, keys.order),
  'no typ': ({ service }) => forge({ kid: keys.order.kid }, service, keys.order),
  'typ JWT': ({ service }) => forge({ ...serviceHeader, typ: 'JWT' }, service, keys.order),
  'a service token taken for a user token': ({ user }) =>
    forge({ ...userHeader, kid: keys.order.kid }, { ...user, iss: 'order' }, keys.order),
  'a user token taken for a service token': ({ service }) =>
    forge({ ...serviceHeader, kid: keys.user.kid }, { ...service, iss: 'user' }, keys.user),
  'another audience': ({ service }) => forge(serviceHeader, { ...service, aud: 'payment' }, keys.order),
  'no audience': ({ service }) => forge(serviceHeader, { ...service, aud: undefined }, keys.order),
  'an audience that only begins alike': ({ service }) =>
    forge(serviceHeader, { ...service, aud: 'inventory-2' }, keys.order),
  'no issuer': ({ service }) => forge(serviceHeader, { ...service, iss: undefined }, keys.order),
  expired: ({ service, seconds }) =>
    forge(serviceHeader, { ...service, iat: seconds - 66, exp: seconds - 6 }, keys.order),
  'no end': ({ service }) => forge(serviceHeader, { ...service, exp: undefined }, keys.order),
  'an end that is text': ({ service, seconds }) =>
    forge(serviceHeader, { ...service, exp: `${seconds + 60}` }, keys.order),
  'not yet valid': ({ service, seconds }) => forge(serviceHeader, { ...service, nbf: seconds + 6 }, keys.order),
  'issued in the future': ({ service, seconds }) =>
    forge(serviceHeader, { ...service, iat: seconds + 6, exp: seconds + 66 }, keys.order),
  'a service token for a year': ({ service, seconds }) =>
    forge(serviceHeader, { ...service, iat: seconds - 100, exp: seconds + 31_536_000 }, keys.order),
  'no time of issue': ({ service }) => forge(serviceHeader, { ...service, iat: undefined }, keys.order),
  'scopes that are a list': ({ service }) => forge(serviceHeader, { ...service, scope: ['admin'] }, keys.order),
  'an actor without a subject': ({ service }) =>
    forge(serviceHeader, { ...service, act: { kind: 'user' } }, keys.order),
  'an actor of an unknown kind': ({ service }) =>
    forge(serviceHeader, { ...service, act: { kind: 'root', sub: 'x', roles: [], scopes: [] } }, keys.order),
  'a payload that is no object': ({ good }) => spliced(good, 1, part('[]')),
  'a payload that is no JSON': ({ good }) => spliced(good, 1, part('{')),
  'a header that is no JSON': ({ good }) => spliced(good, 0, part('{')),
  'a huge token': ({ good }) => spliced(good, 1, 'A'.repeat(1_048_576)),
  'a user token of an unknown key': ({ user }) => forge({ ...userHeader, kid: 'x' }, user, keys.stranger),
  "a user token by a stranger's key": ({ user }) => forge(userHeader, user, keys.stranger),
  'a user token of another issuer': ({ user }) => forge(userHeader, { ...user, iss: 'order' }, keys.user),
  'a user token with an issuer that ends in a slash': ({ user }) =>
    forge(userHeader, { ...user, iss: 'user/' }, keys.user),
  'a user token for another audience': ({ user }) => forge(userHeader, { ...user, aud: 'other' }, keys.user),
  'a user token without roles': ({ user }) => forge(userHeader, { ...user, roles: undefined }, keys.user),
  'a user token whose roles are text': ({ user }) => forge(userHeader, { ...user, roles: 'admin' }, keys.user),
  'a user token without a subject': ({ user }) => forge(userHeader, { ...user, sub: undefined }, keys.user),
  'a user token with an empty subject': ({ user }) => forge(userHeader, { ...user, sub: '' }, keys.user),
  'a user token issued in the future': ({ user, seconds }) =>
    forge(userHeader, { ...user, iat: seconds + 60 }, keys.user),
  'a user token that has ended': ({ user, seconds }) => forge(userHeader, { ...user, exp: seconds - 6 }, keys.user),
};

for (const [name, attack] of Object.entries(attacks)) {
  test(`refused without a reason: ${name}`, async () => {
    const { verifier, signer, seconds } = world();
    const times = { iat: seconds, exp: seconds + 60 };
    const service = { iss: 'order', sub: 'order', aud: 'inventory', scope: 'inventory:write', ...times };
    const user = { iss: 'user', sub: 'u-1', aud: 'dure', roles: [], ...times };
    const good = (await signer.authorize('inventory', undefined)).slice('Bearer '.length);
    const token = await attack({ seconds, service, user, good });
    await assert.rejects(verifier.verify(`Bearer ${token}`), invalid);
  });
}

test('the forge itself makes tokens that pass, so the attacks fail for their own reason', async () => {
  const { verifier, seconds } = world();
  const times = { iat: seconds, exp: seconds + 60 };
  const service = { iss: 'order', sub: 'order', aud: 'inventory', scope: 'inventory:write', ...times };
  const user = { iss: 'user', sub: 'u-1', aud: 'dure', roles: [], ...times };
  assert.equal((await verifier.verify(`Bearer ${await forge(serviceHeader, service, keys.order)}`)).subject, 'order');
  assert.equal((await verifier.verify(`Bearer ${await forge(userHeader, user, keys.user)}`)).subject, 'u-1');
});

test('other schemes and malformed headers are refused alike', async () => {
  const { verifier } = world();
  for (const header of ['', 'Bearer', 'Bearer ', 'Digest x', 'Negotiate', ' Bearer x', 'Basic', 'Basic %%%']) {
    await assert.rejects(verifier.verify(header), invalid, header);
  }
});
