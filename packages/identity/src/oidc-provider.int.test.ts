import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@dure/core';
import { systemClock } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { decodeProtectedHeader } from 'jose';
import type { OidcIssuer } from './oidc-issuer.ts';
import type { OidcEvent } from './oidc-verifier.ts';
import { oidcVerifier } from './oidc-verifier.ts';
import type { OidcProviderIssuer } from './testing/oidc-provider-issuer.ts';
import { openOidcProvider } from './testing/oidc-provider-issuer.ts';

/** Begins at the machine's time, which the issuer goes by, and moves when it is told to. */
const realClock = () => fakeClock(systemClock.now());

function verifierOf(provider: OidcProviderIssuer, clock: Clock, changes: Partial<OidcIssuer> = {}) {
  const events: OidcEvent[] = [];
  const { issuer, audience } = provider;
  const observe = (event: OidcEvent) => void events.push(event);
  const verifier = oidcVerifier({ name: 'provider', issuer, audience, ...changes, clock, observe });
  return { verifier, events };
}

const invalid = { code: 'SERVICE_TOKEN_INVALID' };

for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  test(`a user who signed in at oidc-provider by code and PKCE is known by an ${algorithm} token, roles and scopes`, async () => {
    const claims = { realm_access: { roles: ['shop-admin', 'offline_access'] } };
    await using provider = await openOidcProvider({ algorithm, claims, scopes: ['orders:read', 'orders:write'] });
    const { verifier } = verifierOf(provider, realClock(), {
      algorithms: [algorithm],
      types: ['at+jwt'],
      roleNames: { 'shop-admin': 'admin' },
    });
    const { accessToken, idToken } = await provider.signIn('kim');
    assert.equal(decodeProtectedHeader(accessToken).alg, algorithm);
    assert.deepEqual(await verifier.verify(`Bearer ${accessToken}`), {
      kind: 'user',
      subject: 'provider:kim',
      roles: ['admin'],
      scopes: ['orders:read', 'orders:write'],
    });
    await assert.rejects(verifier.verify(`Bearer ${idToken}`), invalid);
  });
}

test('its ID token is no access token, not even for the audience of the client and with any type allowed', async () => {
  await using provider = await openOidcProvider();
  const { idToken } = await provider.signIn('kim');
  const { verifier, events } = verifierOf(provider, realClock(), { audience: 'storefront' });
  await assert.rejects(verifier.verify(`Bearer ${idToken}`), invalid);
  assert.deepEqual(events.at(-1), { type: 'refused', issuer: 'provider', reason: 'type' });
});

test('its keys rotate without a good token being refused, and the old ones end', async () => {
  await using provider = await openOidcProvider();
  const { verifier } = verifierOf(provider, realClock());
  const before = (await provider.signIn('kim')).accessToken;
  await verifier.verify(`Bearer ${before}`);
  await provider.rotate();
  const after = (await provider.signIn('lee')).accessToken;
  const both = await Promise.all([after, after, after].map((token) => verifier.verify(`Bearer ${token}`)));
  assert.deepEqual(new Set(both.map(({ subject }) => subject)), new Set(['provider:lee']));
  await assert.rejects(verifier.verify(`Bearer ${before}`), invalid);
  const keySets = provider.asked.filter((path) => path === '/jwks');
  assert.equal(keySets.length, 2);
});

test('while it is down for an hour nobody is signed out', async () => {
  await using provider = await openOidcProvider();
  const clock = realClock();
  const { verifier, events } = verifierOf(provider, clock);
  const { accessToken } = await provider.signIn('kim');
  await verifier.verify(`Bearer ${accessToken}`);
  provider.setDown(true);
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60_000);
    await verifier.verify(`Bearer ${accessToken}`);
    while (events.length < minute + 2) await new Promise(setImmediate); // the refresh in the background has failed
  }
  assert.ok(events.slice(1).every((event) => event.type === 'keys' && event.outcome === 'failed'));
  const stranger = verifierOf(provider, clock).verifier;
  await assert.rejects(stranger.verify(`Bearer ${accessToken}`), { code: 'IDENTITY_KEYS_UNAVAILABLE' });
});
