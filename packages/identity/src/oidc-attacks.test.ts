import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Header } from './testing/oidc-world.ts';
import {
  anyRsa,
  discoveryUrl,
  encryption,
  invalid,
  issuer,
  jwksUri,
  keys,
  oidcWorld,
  part,
  publicOf,
  sign,
  spliced,
  stranger,
} from './testing/oidc-world.ts';

type World = ReturnType<typeof oidcWorld>;
type Attack = (given: World & { readonly good: string }) => string | Promise<string>;
const rsa = (claims: object, header?: Header) => sign(keys.RS256, claims, header);

// RFC 8725, the JWT libraries' histories, and what is particular to tokens of others. Named by the reason that metrics get.
const attacks: Readonly<Record<string, Readonly<Record<string, Attack>>>> = {
  form: {
    'no token': () => '',
    'two parts': ({ good }) => good.split('.').slice(0, 2).join('.'),
    'four parts': ({ good }) => `${good}.x`,
    'no signature': ({ good }) => spliced(good, 2, ''),
    'alg none without a signature': ({ claims }) =>
      `${part({ alg: 'none', typ: 'at+jwt', kid: 'rsa' })}.${part(claims)}.`,
    'spare bits in the signature': ({ good }) => `${good.slice(0, -1)}${good.endsWith('Q') ? 'R' : 'B'}`,
    'white space': ({ good }) => good.replace('.', '. '),
    'a line feed at the end': ({ good }) => `${good}\n`,
    'standard base64': ({ good }) => spliced(good, 1, '+/+/'),
    'a header that is no JSON': ({ good }) => spliced(good, 0, part('{')),
    'a mebibyte': ({ good }) => spliced(good, 1, 'A'.repeat(1_048_576)),
  },
  algorithm: {
    'alg none with a signature': ({ good }) => spliced(good, 0, part({ alg: 'none', kid: 'rsa', typ: 'at+jwt' })),
    'alg nOnE': ({ good }) => spliced(good, 0, part({ alg: 'nOnE', kid: 'rsa', typ: 'at+jwt' })),
    'no alg': ({ good }) => spliced(good, 0, part({ kid: 'rsa', typ: 'at+jwt' })),
    'HS256 by the public key': ({ claims }) => {
      const text = `${part({ alg: 'HS256', kid: 'rsa', typ: 'at+jwt' })}.${part(claims)}`;
      return `${text}.${createHmac('sha256', JSON.stringify(publicOf(keys.RS256)))
        .update(text)
        .digest('base64url')}`;
    },
    'HS256 by a secret in the key set': ({ claims }) => {
      const text = `${part({ alg: 'HS256', kid: 'oct', typ: 'at+jwt' })}.${part(claims)}`;
      return `${text}.${createHmac('sha256', Buffer.alloc(32, 7)).update(text).digest('base64url')}`;
    },
    RS512: ({ claims }) => sign({ ...anyRsa, alg: 'RS512' }, claims),
  },
  header: {
    'a jwk': ({ claims }) => sign(stranger, claims, { jwk: publicOf(stranger) }),
    'a jwk beside a good signature': ({ claims }) => rsa(claims, { jwk: {} }),
    'a jku': ({ claims }) => rsa(claims, { jku: 'http://127.0.0.1/keys' }),
    'an x5u': ({ claims }) => rsa(claims, { x5u: 'http://127.0.0.1/' }),
    'an x5c': ({ claims }) => rsa(claims, { x5c: [''] }),
    'an unknown crit': ({ claims }) => rsa(claims, { crit: ['strange'], strange: 1 }),
    b64: ({ good }) => spliced(good, 0, part({ alg: 'RS256', kid: 'rsa', typ: 'at+jwt', b64: false, crit: ['b64'] })),
    compression: ({ good }) => spliced(good, 0, part({ alg: 'RS256', kid: 'rsa', typ: 'at+jwt', zip: 'DEF' })),
  },
  type: {
    'a token of our own services': ({ claims }) => rsa(claims, { typ: 'dure-service+jwt' }),
    'a logout token': ({ claims }) => rsa(claims, { typ: 'logout+jwt' }),
    'a DPoP proof': ({ claims }) => rsa(claims, { typ: 'dpop+jwt' }),
    'an ID token, by its nonce': ({ claims }) => rsa({ ...claims, nonce: 'n' }, { typ: 'JWT' }),
    'an ID token, by the hash of its code': ({ claims }) => rsa({ ...claims, c_hash: 'h' }, { typ: undefined }),
    'an ID token, by the hash of its access token': ({ claims }) => rsa({ ...claims, at_hash: 'h' }, { typ: 'JWT' }),
    'an ID token of Keycloak': ({ claims }) => rsa({ ...claims, typ: 'ID' }, { typ: 'JWT' }),
    'a refresh token of Keycloak': ({ claims }) => rsa({ ...claims, typ: 'Refresh' }, { typ: 'JWT' }),
    'a security event': ({ claims }) => rsa({ ...claims, events: {} }, { typ: 'JWT' }),
  },
  key: {
    'no kid': ({ claims }) => rsa(claims, { kid: undefined }),
    'an empty kid': ({ claims }) => rsa(claims, { kid: '' }),
    'a kid that is a path': ({ claims }) => rsa(claims, { kid: '../../dev/null' }),
    'a kid that is an address': ({ claims }) => rsa(claims, { kid: 'http://127.0.0.1/' }),
    'a kid named __proto__': ({ claims }) => rsa(claims, { kid: '__proto__' }),
    'an unknown signer': ({ claims }) => sign({ ...stranger, kid: 'other' }, claims),
    'a key for encryption': ({ claims }) => sign(encryption, claims),
    'a key of 1024 bits': ({ good }) => spliced(good, 0, part({ alg: 'RS256', kid: 'weak', typ: 'at+jwt' })),
    'a key of one algorithm used with another': ({ claims }) => sign({ ...keys.RS256, alg: 'PS256' }, claims),
    "an RSA key's name with ES256": ({ claims }) => sign({ ...keys.ES256, kid: 'rsa' }, claims),
  },
  signature: {
    'a changed payload': ({ good, claims }) =>
      spliced(good, 1, part({ ...claims, realm_access: { roles: ['admin'] } })),
    'a changed signature': ({ good }) => spliced(good, 2, `AAAA${good.split('.')[2]?.slice(4)}`),
    'a signature of nothing': ({ good }) => spliced(good, 2, part('\0'.repeat(256))),
    'a signature in DER': ({ good }) => spliced(good, 2, part('0E\x02!')),
    "a stranger's key under a known kid": ({ claims }) => sign(stranger, claims),
    "another user's payload": async ({ good, claims }) =>
      spliced(good, 1, (await rsa({ ...claims, sub: 'u-2' })).split('.')[1] ?? ''),
  },
  issuer: {
    'another issuer': ({ claims }) => rsa({ ...claims, iss: 'https://evil.example.com' }),
    'a slash at the end': ({ claims }) => rsa({ ...claims, iss: `${issuer}/` }),
    'another realm': ({ claims }) => rsa({ ...claims, iss: issuer.replace('shop', 'master') }),
    'no issuer': ({ claims }) => rsa({ ...claims, iss: undefined }),
    'capital letters': ({ claims }) => rsa({ ...claims, iss: issuer.toUpperCase() }),
  },
  audience: {
    'another audience': ({ claims }) => rsa({ ...claims, aud: 'payroll-api' }),
    'an audience that only begins alike': ({ claims }) => rsa({ ...claims, aud: 'shop-api-2' }),
    'a list without ours': ({ claims }) => rsa({ ...claims, aud: ['account', 'shop'] }),
    'an empty list': ({ claims }) => rsa({ ...claims, aud: [] }),
    'an ID token for a client': ({ claims }) => rsa({ ...claims, aud: 'storefront' }, { typ: 'JWT' }),
  },
  time: {
    expired: ({ claims, seconds }) => rsa({ ...claims, exp: seconds - 6 }),
    'not yet valid': ({ claims, seconds }) => rsa({ ...claims, nbf: seconds + 6 }),
    'issued in the future': ({ claims, seconds }) => rsa({ ...claims, iat: seconds + 6 }),
  },
  claims: {
    'no end': ({ claims }) => rsa({ ...claims, exp: undefined }),
    'an end that is text': ({ claims, seconds }) => rsa({ ...claims, exp: `${seconds + 60}` }),
    'a `nbf` that is text': ({ claims }) => rsa({ ...claims, nbf: 'now' }),
    'no time of issue': ({ claims }) => rsa({ ...claims, iat: undefined }),
    'no subject': ({ claims }) => rsa({ ...claims, sub: undefined }),
    'an empty subject': ({ claims }) => rsa({ ...claims, sub: '' }),
    'a subject with a line end': ({ claims }) => rsa({ ...claims, sub: 'u\r\nx: y' }),
    'a subject of 256 letters': ({ claims }) => rsa({ ...claims, sub: 'u'.repeat(256) }),
    'roles that are a number': ({ claims }) => rsa({ ...claims, roles: 1 }),
    'roles of another shape': ({ claims }) => rsa({ ...claims, realm_access: { roles: [{ admin: true }] } }),
    'scopes of another shape': ({ claims }) => rsa({ ...claims, scope: { admin: true } }),
  },
};

for (const [reason, byName] of Object.entries(attacks)) {
  for (const [name, attack] of Object.entries(byName)) {
    test(`refused without a reason, counted as "${reason}": ${name}`, async () => {
      const given = oidcWorld();
      const good = await rsa(given.claims);
      await given.verifier.verify(`Bearer ${good}`);
      const token = await attack({ ...given, good });
      assert.notEqual(token, good);
      await assert.rejects(given.verifier.verify(`Bearer ${token}`), invalid);
      assert.deepEqual(given.refusals(), [reason]);
      assert.ok(
        given.fetched.every((url) => url === discoveryUrl || url === jwksUri),
        given.fetched.join(' '),
      );
    });
  }
}
