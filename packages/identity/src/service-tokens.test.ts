import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { decodeJwt } from 'jose';
import { serviceTokens } from './service-tokens.ts';
import { generateSigningKey } from './signing-key.ts';

const user: Identity = { kind: 'user', subject: 'u-1', roles: ['customer'], scopes: [] };

async function signer(maxCached = 100) {
  const clock = fakeClock();
  const scopes = { inventory: ['inventory:write', 'inventory:read'] };
  const key = await generateSigningKey();
  return { clock, signer: serviceTokens({ service: 'order', key, scopes, clock, ids: testIds(), maxCached }) };
}

test('a service token names its issuer, its audience, its scopes and lives for 60 seconds', async () => {
  const { signer: tokens, clock } = await signer();
  const claims = decodeJwt((await tokens.authorize('inventory', undefined)).slice('Bearer '.length));
  assert.equal(claims.iss, 'order');
  assert.equal(claims.aud, 'inventory');
  assert.equal(claims.scope, 'inventory:write inventory:read');
  assert.equal(claims.exp, Math.floor(clock.now() / 1_000) + 60);
  assert.equal(claims.act, undefined);
});

test('a token is reused until 15 seconds before its end, then a new one is signed', async () => {
  const { signer: tokens, clock } = await signer();
  const first = await tokens.authorize('inventory', undefined);
  await clock.advance(44_000);
  assert.equal(await tokens.authorize('inventory', undefined), first);
  await clock.advance(1_000);
  assert.notEqual(await tokens.authorize('inventory', undefined), first);
});

test('every user and every audience has a token of its own', async () => {
  const { signer: tokens } = await signer();
  const seen = new Set([
    await tokens.authorize('inventory', undefined),
    await tokens.authorize('payment', undefined),
    await tokens.authorize('inventory', user),
    await tokens.authorize('inventory', { ...user, subject: 'u-2' }),
    await tokens.authorize('inventory', { ...user, roles: [] }),
  ]);
  assert.equal(seen.size, 5);
  assert.ok(seen.has(await tokens.authorize('inventory', user)));
});

test('calls at the same time share one signature', async () => {
  const { signer: tokens } = await signer();
  const all = await Promise.all(Array.from({ length: 20 }, () => tokens.authorize('inventory', user)));
  assert.equal(new Set(all).size, 1);
});

test('the cache is bounded: the user not seen for the longest time is forgotten', async () => {
  const { signer: tokens } = await signer(2);
  const first = await tokens.authorize('inventory', { ...user, subject: 'a' });
  await tokens.authorize('inventory', { ...user, subject: 'b' });
  await tokens.authorize('inventory', { ...user, subject: 'c' });
  assert.notEqual(await tokens.authorize('inventory', { ...user, subject: 'a' }), first);
});

test('a key that is no ES256 key is named and never cached', async () => {
  const tokens = serviceTokens({
    service: 'order',
    key: { kty: 'oct', k: 'c2VjcmV0' },
    scopes: {},
    clock: fakeClock(),
    ids: testIds(),
  });
  await assert.rejects(tokens.authorize('inventory', undefined), {
    code: 'IDENTITY_KEY_INVALID',
    message: /key of "order".*kty "oct".*P-256 is expected/,
  });
});
