import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testIds } from '@dure/core/testing';
import type { OidcAlgorithm, OidcIssuer } from './oidc-issuer.ts';
import { generateSigningKey } from './signing-key.ts';
import {
  anyRsa,
  discoveryUrl,
  invalid,
  issuer,
  jwksUri,
  keyOf,
  keys,
  oidcWorld,
  part,
  publicOf,
  sign,
  spliced,
} from './testing/oidc-world.ts';
import { issueUserToken } from './user-tokens.ts';
import { verifierByIssuer } from './verifier-by-issuer.ts';

for (const [alg, key] of Object.entries(keys)) {
  test(`a token signed by ${alg} is its user's, with the issuer's name before the subject`, async () => {
    const { verifier, claims, fetched } = oidcWorld();
    const token = await sign(key, { ...claims, scope: 'orders:read orders:write' });
    assert.deepEqual(await verifier.verify(`Bearer ${token}`), {
      kind: 'user',
      subject: 'keycloak:u-1',
      roles: [],
      scopes: ['orders:read', 'orders:write'],
    });
    assert.deepEqual(fetched, [discoveryUrl, jwksUri]);
  });
}

const shapes: readonly (readonly [string, object, Partial<OidcIssuer>, readonly string[], readonly string[]])[] = [
  [
    'Keycloak',
    { typ: 'Bearer', realm_access: { roles: ['admin', 'x'] }, scope: 'openid' },
    {},
    ['admin', 'x'],
    ['openid'],
  ],
  ['Entra ID', { roles: ['Admin'], scp: 'Orders.Read Orders.Write' }, {}, ['Admin'], ['Orders.Read', 'Orders.Write']],
  ['Okta', { scp: ['orders:read', 'orders:write'] }, {}, [], ['orders:read', 'orders:write']],
  [
    'Auth0',
    { permissions: ['orders:read'], 'https://shop.example.com/roles': ['admin'] },
    { roles: [['https://shop.example.com/roles']], scopes: [['permissions']] },
    ['admin'],
    ['orders:read'],
  ],
  [
    'a client of Keycloak',
    { resource_access: { shop: { roles: ['seller'] } } },
    { roles: [['resource_access', 'shop', 'roles']] },
    ['seller'],
    [],
  ],
  [
    'roles under our own names',
    { realm_access: { roles: ['shop-admin', 'admin', '__proto__'] } },
    { roleNames: { 'shop-admin': 'admin' } },
    ['admin'],
    [],
  ],
];
for (const [name, more, changes, roles, scopes] of shapes) {
  test(`roles and scopes are read as they stand: ${name}`, async () => {
    const { verifier, claims } = oidcWorld(changes);
    const identity = await verifier.verify(`Bearer ${await sign(keys.RS256, { ...claims, ...more })}`);
    assert.deepEqual([identity.roles, identity.scopes], [roles, scopes]);
  });
}

test('among several audiences ours is enough, `typ` may be JWT or absent, and Entra ID may name a certificate', async () => {
  const { verifier, claims } = oidcWorld({ subjectPrefix: '' });
  for (const header of [
    { typ: 'JWT' },
    { typ: undefined },
    { typ: 'application/at+jwt' },
    { 'x5t#S256': 'x', x5t: 'x' },
  ]) {
    const token = await sign(keys.RS256, { ...claims, aud: ['account', 'shop-api'] }, header);
    assert.equal((await verifier.verify(`bearer ${token}`)).subject, 'u-1');
  }
});

test('what is not on the list of algorithms or types is refused, however well signed', async () => {
  const { verifier, claims, refusals } = oidcWorld({ algorithms: ['ES256'], types: ['at+jwt'] });
  await assert.rejects(verifier.verify(`Bearer ${await sign(keys.RS256, claims)}`), invalid);
  await assert.rejects(verifier.verify(`Bearer ${await sign(keys.ES256, claims, { typ: 'JWT' })}`), invalid);
  await verifier.verify(`Bearer ${await sign(keys.ES256, claims)}`);
  assert.deepEqual(refusals(), ['algorithm', 'type']);
});

test('an RSA key that names no algorithm is used with those that are allowed only', async () => {
  const { verifier, claims } = oidcWorld({ algorithms: ['PS256'] });
  assert.equal(
    (await verifier.verify(`Bearer ${await sign(anyRsa, claims, { alg: 'PS256' })}`)).subject,
    'keycloak:u-1',
  );
  await assert.rejects(verifier.verify(`Bearer ${await sign(anyRsa, claims, { alg: 'RS256' })}`), invalid);
});

test('other schemes are refused alike', async () => {
  const { verifier } = oidcWorld();
  for (const header of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'DPoP x', ' Bearer x'])
    await assert.rejects(verifier.verify(header), invalid, header);
});

test('a token is refused after its end although it was remembered', async () => {
  const { verifier, claims, clock, seconds } = oidcWorld();
  const token = await sign(keys.RS256, { ...claims, exp: seconds + 30 });
  await verifier.verify(`Bearer ${token}`);
  await clock.advance(36_000);
  await assert.rejects(verifier.verify(`Bearer ${token}`), invalid);
});

test('ten thousand tokens of unknown keys ask the issuer at most once in 30 seconds', async () => {
  const { verifier, claims, clock, fetched } = oidcWorld();
  const good = await sign(keys.RS256, claims);
  await verifier.verify(`Bearer ${good}`);
  const before = fetched.length;
  for (let batch = 0; batch < 100; batch += 1) {
    if (batch % 10 === 0) await clock.advance(3_000);
    const kids = Array.from({ length: 100 }, (_member, index) => `x${batch}-${index}`);
    const forged = kids.map((kid) => spliced(good, 0, part({ alg: 'RS256', kid, typ: 'at+jwt' })));
    await Promise.all(forged.map((token) => assert.rejects(verifier.verify(`Bearer ${token}`), invalid)));
  }
  assert.equal(fetched.length - before, 1);
});

test('a new key is found at once, and what was remembered of one that went is forgotten', async () => {
  const { verifier, claims, state, seconds } = oidcWorld();
  const lasting = { ...claims, exp: seconds + 3_600 };
  const old = `Bearer ${await sign(keys.RS256, lasting)}`;
  await verifier.verify(old);
  const next = await keyOf('RS256', 'next');
  state.served = [publicOf(next)];
  assert.equal((await verifier.verify(`Bearer ${await sign(next, lasting)}`)).subject, 'keycloak:u-1');
  await assert.rejects(verifier.verify(old), invalid, 'the remembered token went with its key');
});

test('ten rotations under 100 000 requests refuse no good token', async () => {
  const { verifier, claims, clock, state, seconds, fetched } = oidcWorld();
  const lasting = { ...claims, exp: seconds + 3_600 };
  let current = keys.ES256;
  let refused = 0;
  for (let rotation = 0; rotation < 10; rotation += 1) {
    const before = current;
    current = await keyOf('ES256', `rotated-${rotation}`);
    state.served = [publicOf(before), publicOf(current)];
    const subjects = Array.from({ length: 50 }, (_member, index) => `u-${rotation}-${index}`);
    const tokens = await Promise.all(
      subjects.flatMap((sub) => [sign(before, { ...lasting, sub }), sign(current, { ...lasting, sub })]),
    );
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.allSettled(tokens.map((token) => verifier.verify(`Bearer ${token}`)));
      refused += answers.filter(({ status }) => status === 'rejected').length;
    }
    await clock.advance(45_000);
  }
  assert.equal(refused, 0);
  assert.ok(fetched.length <= 1 + 2 * 10, `${fetched.length} fetches in 450 seconds`);
});

test('a key that was taken back without another is refused after a minute', async () => {
  const { verifier, claims, clock, state, seconds } = oidcWorld();
  const lasting = { ...claims, exp: seconds + 3_600 };
  const old = `Bearer ${await sign(keys.RS256, lasting)}`;
  const other = `Bearer ${await sign(keys.ES256, lasting)}`;
  await verifier.verify(old);
  state.served = [publicOf(keys.ES256)];
  await clock.advance(60_000);
  await verifier.verify(other); // finds the set too old, and has it fetched behind its back
  await new Promise(setImmediate);
  await assert.rejects(verifier.verify(old), invalid);
});

test('while the issuer is down its last keys stay; a key nobody knows is "unavailable", and nobody is signed out', async () => {
  const { verifier, claims, clock, state, seconds, events } = oidcWorld();
  const lasting = { ...claims, exp: seconds + 7_200 };
  const known = `Bearer ${await sign(keys.RS256, lasting)}`;
  await verifier.verify(known);
  state.down = true;
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60_000);
    await verifier.verify(known);
  }
  const next = await keyOf('RS256', 'next');
  await clock.advance(30_000);
  await assert.rejects(verifier.verify(`Bearer ${await sign(next, lasting)}`), { code: 'IDENTITY_KEYS_UNAVAILABLE' });
  state.down = false;
  state.served = [publicOf(next), publicOf(keys.RS256)];
  await clock.advance(30_000);
  await verifier.verify(`Bearer ${await sign(next, lasting)}`);
  assert.deepEqual(events.at(-1), { type: 'keys', issuer: 'keycloak', outcome: 'fetched' });
});

test('a discovery document or a key set that is not the issuer’s own is not used', async () => {
  const documents: readonly unknown[] = [
    { issuer: 'https://evil.example.com', jwks_uri: jwksUri },
    { issuer: `${issuer}/`, jwks_uri: jwksUri },
    { issuer },
    { issuer, jwks_uri: 'http://login.example.com/certs' },
    { issuer, jwks_uri: 'file:///etc/keys' },
    'text',
    null,
  ];
  for (const document of documents) {
    const { verifier, claims, state, fetched } = oidcWorld();
    state.document = document;
    await assert.rejects(verifier.verify(`Bearer ${await sign(keys.RS256, claims)}`), {
      code: 'IDENTITY_KEYS_UNAVAILABLE',
    });
    assert.deepEqual(fetched, [discoveryUrl]);
  }
});

test('keys come without discovery where their address is given', async () => {
  const { verifier, claims, fetched } = oidcWorld({ jwksUri: 'https://login.example.com/keys.json' });
  await verifier.verify(`Bearer ${await sign(keys.RS256, claims)}`);
  assert.deepEqual(fetched, ['https://login.example.com/keys.json']);
});

test('an issuer whose tokens could not be checked safely is refused at once', () => {
  const wrong: readonly (readonly [Partial<OidcIssuer>, RegExp])[] = [
    [{ issuer: 'http://login.example.com' }, /neither https nor http on this machine/],
    [{ issuer: 'login.example.com' }, /neither https/],
    [{ issuer: 'https://user:secret@login.example.com' }, /neither https/],
    [{ discovery: 'http://login.example.com/x' }, /neither https/],
    [{ jwksUri: 'ftp://127.0.0.1/x' }, /neither https/],
    [{ audience: '' }, /a token for any other API would do/],
    [{ algorithms: [] }, /`algorithms` is empty/],
    [{ algorithms: ['HS256' as OidcAlgorithm] }, /"HS256" is none of RS256/],
    [{ name: 'Key:Cloak' }, /its name is not/],
  ];
  for (const [changes, message] of wrong)
    assert.throws(() => oidcWorld(changes), { code: 'IDENTITY_ISSUER_INVALID', message });
  oidcWorld({ issuer: 'http://127.0.0.1:8080/realms/shop' });
});

test('each issuer’s tokens go to their own verifier, everything else to the system’s', async () => {
  const { verifier, claims, clock } = oidcWorld();
  const asked: string[] = [];
  const own = {
    verify: (authorization: string) => {
      asked.push(authorization);
      return Promise.reject(invalid);
    },
  };
  const both = verifierByIssuer(own, new Map([[issuer, verifier]]));
  assert.equal((await both.verify(`Bearer ${await sign(keys.RS256, claims)}`)).subject, 'keycloak:u-1');
  assert.deepEqual(asked, []);
  const key = await generateSigningKey();
  const { token } = await issueUserToken({ subject: 'u', roles: [], key, clock, ids: testIds() });
  const others = [
    `Bearer ${token}`,
    'Basic YTpi',
    'Bearer x',
    '',
    `Bearer a.${part('null')}.b`,
    `Bearer ${'a.'.repeat(9_000)}`,
  ];
  for (const authorization of others) await assert.rejects(both.verify(authorization));
  assert.deepEqual(asked, others);
  assert.equal(verifierByIssuer(own, new Map()), own);
});
