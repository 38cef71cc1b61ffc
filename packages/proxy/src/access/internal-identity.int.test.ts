import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { codeOf, ids, seededRandom, systemClock } from '@dure/core';
import type { OidcIssuer } from '@dure/identity';
import { generateSigningKey, publicKeyOf, serviceTokens, tokenVerifier } from '@dure/identity';
import type { OpenIssuer } from '@dure/identity/testing';
import { openIssuer } from '@dure/identity/testing';
import { contract, get } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance, testVerifier } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import type { EdgeIdentityOptions } from './edge-verifier.ts';

const output = z.looseObject({});
const things = contract('things', {
  readThing: get('/open', { output, access: 'public' }),
  listMine: get('/mine', { output, access: 'user' }),
  audit: get('/audit', { output, access: { role: 'admin' } }),
  export: get('/export', { output, access: { userScope: 'things:export' } }),
});
const key = await generateSigningKey();

/** What the service is told: the fields of the request that reached it, and whom it takes the caller for. */
interface Heard {
  readonly status: number;
  readonly code: unknown;
  readonly fields: string;
  readonly identity: Identity | undefined;
}

async function world(options: EdgeIdentityOptions = {}) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('{}'));
  });
  const signer = serviceTokens({
    service: 'gateway',
    key,
    scopes: {},
    clock: systemClock,
    ids: ids(systemClock, seededRandom(1)),
  });
  const gateway = await openGateway({ exposes: [things], ...options }, { signer });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const verifier = (audience: string) =>
    tokenVerifier({ audience, peers: { gateway: publicKeyOf(key) }, edges: ['gateway'], clock: systemClock });
  const service = verifier('things');
  return {
    gateway,
    verifier,
    async ask(path: string, headers: Readonly<Record<string, string>>): Promise<Heard> {
      const before = upstream.received.join('').length;
      const answer = await fetch(gateway.origin + path, { headers });
      const { code } = (await answer.json()) as { readonly code?: unknown };
      const fields = upstream.received.join('').slice(before);
      const authorization = /\r\nauthorization: (.*)\r\n/.exec(fields)?.[1];
      const identity = authorization === undefined ? undefined : await service.verify(authorization);
      return { status: answer.status, code, fields, identity };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.close();
    },
  };
}

const shopIssuer = ({ issuer }: OpenIssuer): OidcIssuer => ({
  name: 'keycloak',
  issuer,
  audience: 'api',
  roleNames: { 'shop-admin': 'admin' },
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a user of an identity provider reaches a service as the gateway’s word, with roles and scopes, and nothing else', async () => {
  await using issuer = await openIssuer();
  await using there = await world({ issuers: [shopIssuer(issuer)] });
  const token = issuer.token({ realm_access: { roles: ['shop-admin', 'other'] }, scope: 'things:export openid' });
  const heard = await there.ask('/mine', {
    ...bearer(token),
    cookie: 'theme=dark; dure_session=stale',
    'dure-user': 'root',
    'x-forwarded-user': 'root',
    x_user: 'root',
  });
  assert.equal(heard.status, 200);
  assert.deepEqual(heard.identity, {
    kind: 'user',
    subject: 'keycloak:kim',
    roles: ['admin'],
    scopes: ['things:export', 'openid'],
  });
  assert.ok(!heard.fields.includes(token));
  assert.doesNotMatch(heard.fields, /root|dure_session|stale/);
  assert.match(heard.fields, /\r\ncookie: theme=dark\r\n/);
});

test('access is decided at the edge by the provider’s roles and scopes', async () => {
  await using issuer = await openIssuer();
  await using there = await world({ issuers: [shopIssuer(issuer)] });
  const callers: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['nobody', {}],
    ['kim', bearer(issuer.token({}))],
    ['an admin there', bearer(issuer.token({ realm_access: { roles: ['admin'] } }))],
    ['an admin here', bearer(issuer.token({ realm_access: { roles: ['shop-admin'] } }))],
    ['with the scope', bearer(issuer.token({ scope: 'things:export' }))],
    ['with a scope that begins alike', bearer(issuer.token({ scope: 'things:export2' }))],
    ['expired', bearer(issuer.token({ exp: 1 }))],
    ['for another API', bearer(issuer.token({ aud: 'payroll' }))],
    ['an ID token', bearer(issuer.token({ nonce: 'n' }, { typ: 'JWT' }))],
  ];
  const seen: Record<string, readonly number[]> = {};
  for (const [who, headers] of callers) {
    const answers = [];
    for (const path of ['/open', '/mine', '/audit', '/export']) answers.push((await there.ask(path, headers)).status);
    seen[who] = answers;
  }
  assert.deepEqual(seen, {
    nobody: [200, 401, 401, 401],
    kim: [200, 200, 403, 403],
    'an admin there': [200, 200, 403, 403],
    'an admin here': [200, 200, 200, 403],
    'with the scope': [200, 200, 403, 200],
    'with a scope that begins alike': [200, 200, 403, 403],
    expired: [401, 401, 401, 401],
    'for another API': [401, 401, 401, 401],
    'an ID token': [401, 401, 401, 401],
  });
});

test('the sender hears one answer, the metrics hear the reason', async () => {
  await using issuer = await openIssuer();
  await using there = await world({ issuers: [shopIssuer(issuer)] });
  const answers = [];
  for (const token of [issuer.token({ exp: 1 }), issuer.token({ aud: 'x' }), issuer.token({}, { jku: issuer.issuer })])
    answers.push((await there.ask('/mine', bearer(token))).code);
  assert.deepEqual(new Set(answers), new Set(['SERVICE_TOKEN_INVALID']));
  const metrics = there.gateway.telemetry.metrics.prometheus();
  for (const reason of ['time', 'audience', 'header'])
    assert.match(
      metrics,
      new RegExp(`dure_gateway_token_refusals\\S*\\{[^}]*issuer="keycloak"[^}]*reason="${reason}"[^}]*\\} 1`),
    );
});

test('an internal token is for one service, for a minute, and no service by itself', async () => {
  await using there = await world();
  const { fields, identity } = await there.ask('/mine', { authorization: 'Bearer ann+admin' });
  assert.deepEqual(identity, { kind: 'user', subject: 'ann', roles: ['admin'], scopes: [] });
  const authorization = /\r\nauthorization: (.*)\r\n/.exec(fields)?.[1] ?? '';
  await assert.rejects(there.verifier('payment').verify(authorization), { code: 'SERVICE_TOKEN_INVALID' });
  const claims = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly iat: number;
    readonly exp: number;
  };
  assert.ok(claims.exp - claims.iat <= 60);
});

test('users of the session cookie get one too, the same for a while, and nobody gets none', async () => {
  await using there = await world();
  const first = await there.ask('/mine', { cookie: 'dure_session=ann' });
  const again = await there.ask('/mine', { cookie: 'dure_session=ann' });
  const other = await there.ask('/mine', { cookie: 'dure_session=bob' });
  const line = ({ fields }: Heard) => /\r\nauthorization: (.*)\r\n/.exec(fields)?.[1];
  assert.equal(line(first), line(again));
  assert.notEqual(line(first), line(other));
  assert.equal(other.identity?.subject, 'bob');
  assert.equal(line(await there.ask('/open', {})), undefined);
});

test('a service that comes by the edge is nobody to the services behind it', async () => {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('{}'));
  });
  const order: Identity = { kind: 'service', subject: 'order', roles: [], scopes: ['things:read'] };
  const verifier = { verify: async () => order };
  await using gateway = await openGateway({ exposes: [things] }, { verifier });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  await (await fetch(`${gateway.origin}/open`, { headers: bearer('order') })).text();
  assert.doesNotMatch(upstream.received.join(''), /authorization/);
});

test('`pass` hands on the user’s own token as it came', async () => {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('{}'));
  });
  await using gateway = await openGateway({ exposes: [things], identity: 'pass' }, { verifier: testVerifier });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  await (await fetch(`${gateway.origin}/mine`, { headers: bearer('ann') })).text();
  await (await fetch(`${gateway.origin}/mine`, { headers: { cookie: 'dure_session=bob' } })).text();
  assert.match(upstream.received.join(''), /\r\nauthorization: Bearer ann\r\n[\s\S]*\r\nauthorization: Bearer bob\r\n/);
});

test('issuers that do not fit together are refused at the start', async () => {
  const one: OidcIssuer = { name: 'one', issuer: 'https://one.example.com', audience: 'api' };
  const wrong: readonly (readonly [EdgeIdentityOptions, string, RegExp])[] = [
    [{ issuers: [one, one] }, 'GATEWAY_ISSUERS_INVALID', /listed twice/],
    [
      { issuers: [one, { ...one, issuer: 'https://two.example.com' }] },
      'GATEWAY_ISSUERS_INVALID',
      /two are named "one"/,
    ],
    [{ issuers: [one], identity: 'pass' }, 'GATEWAY_ISSUERS_INVALID', /know none of them/],
    [{ issuers: [{ ...one, issuer: 'http://one.example.com' }] }, 'IDENTITY_ISSUER_INVALID', /neither https/],
  ];
  for (const [options, code, message] of wrong) {
    const started = openGateway({ exposes: [things], ...options });
    await assert.rejects(started, (error: Error) => codeOf(error) === code && message.test(error.message));
  }
});
