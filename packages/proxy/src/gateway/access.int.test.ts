import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenVerifier } from '@dure/service/server';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

async function world(verifier?: TokenVerifier) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.includes('\r\n\r\n')) socket.write(plainAnswer('{}'));
  });
  const gateway = await openGateway({ exposes: [things] }, verifier === undefined ? {} : { verifier });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  return {
    upstream,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.close();
    },
  };
}

type Who = 'nobody' | 'expired' | 'user' | 'admin' | 'cookie' | 'expired cookie';
const credentials: Readonly<Record<Who, Readonly<Record<string, string>>>> = {
  nobody: {},
  expired: { authorization: 'Bearer expired' },
  user: { authorization: 'Bearer ann' },
  admin: { authorization: 'Bearer ann+admin' },
  cookie: { cookie: 'theme=dark; dure_session=ann' },
  'expired cookie': { cookie: 'dure_session=expired' },
};

const matrix: readonly (readonly [method: string, path: string, statuses: readonly number[]])[] = [
  // nobody, expired, user, admin, cookie, expired cookie
  ['GET', '/things/7', [200, 401, 200, 200, 200, 200]],
  ['GET', '/mine', [401, 401, 200, 200, 200, 401]],
  ['DELETE', '/things/7', [401, 401, 403, 200, 403, 401]],
  ['GET', '/scoped', [404, 404, 404, 404, 404, 404]],
];

for (const [method, path, statuses] of matrix) {
  test(`${method} ${path} is for whom the contract says`, async () => {
    await using there = await world();
    const seen: number[] = [];
    for (const headers of Object.values(credentials)) {
      const answer = await fetch(`${there.gateway.origin}${path}`, { method, headers });
      await answer.text();
      seen.push(answer.status);
      if (answer.status === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
    assert.deepEqual(seen, statuses);
    const allowed = statuses.filter((status) => status === 200).length;
    assert.equal(there.upstream.received.join('').split(`${method} ${path} HTTP/1.1`).length - 1, allowed);
  });
}

test('the session cookie reaches the service as Authorization, and as nothing else', async () => {
  await using there = await world();
  await (await fetch(`${there.gateway.origin}/mine`, { headers: credentials.cookie })).text();
  const seen = there.upstream.received[0] ?? '';
  assert.match(seen, /\r\nauthorization: Bearer things for ann\r\n/);
  assert.match(seen, /\r\ncookie: theme=dark\r\n/);
  assert.doesNotMatch(seen, /dure_session/);
});

test('a session that has ended is forgotten by the browser too', async () => {
  await using there = await world();
  for (const path of ['/things/7', '/mine']) {
    const answer = await fetch(`${there.gateway.origin}${path}`, { headers: credentials['expired cookie'] });
    assert.match(answer.headers.get('set-cookie') ?? '', /^dure_session=; Path=\/; Max-Age=0; HttpOnly/);
    await answer.text();
  }
  assert.doesNotMatch(there.upstream.received.join(''), /authorization|dure_session/);
});

test('a page of another origin cannot change anything by the cookie, but a read and a program can', async () => {
  await using there = await world();
  const make = (headers: Readonly<Record<string, string>>) =>
    fetch(`${there.gateway.origin}/things`, { method: 'POST', body: '{}', headers: { ...headers } });
  const crossSite = await make({ ...credentials.cookie, origin: 'http://evil.example' });
  assert.equal((await crossSite.json()).code, 'GATEWAY_CROSS_SITE');
  assert.equal(crossSite.status, 403);
  assert.equal((await make({ ...credentials.cookie, origin: there.gateway.origin })).status, 200);
  assert.equal((await make(credentials.cookie)).status, 200);
  assert.equal((await make({ ...credentials.user, origin: 'http://evil.example' })).status, 200);
});

test('while tokens cannot be checked the answer is 503 and says nothing of the inside', async () => {
  const { identityErrors } = await import('@dure/identity');
  await using there = await world({
    verify: async () => {
      throw identityErrors.KEYS_UNAVAILABLE('the keys of "user" could not be fetched', {
        cause: new TypeError('connect ECONNREFUSED 127.0.0.1:1'),
      });
    },
  });
  const answer = await fetch(`${there.gateway.origin}/mine`, { headers: credentials.user });
  assert.equal(answer.status, 503);
  assert.ok(answer.headers.has('retry-after'));
  assert.doesNotMatch(await answer.text(), /ECONNREFUSED|127/);
});
