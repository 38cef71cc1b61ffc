import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { memoryRateLimits } from '@dure/resilience';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { forwardedIdentity } from '../access/internal-identity.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import { openEdge } from '../testing/open-edge.ts';
import { sendRaw } from '../testing/raw-client.ts';
import type { ApiKeyOptions } from './api-key.ts';
import { apiKey, apiKeyOf } from './api-key.ts';
import { apiKeyBook, hashApiKey } from './api-key-book.ts';
import { rateLimited } from './rate-limited.ts';

const secret = 'dure_first-secret-key';
const ended = 'dure_second-secret-key';

async function open(options: Partial<ApiKeyOptions> = {}, behind: readonly EdgeLayer[] = []) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const keys = apiKeyBook([
    { id: 'partner', sha256: hashApiKey(secret), subject: 'acme', scopes: ['orders:read'] },
    { id: 'old', sha256: hashApiKey(ended), endsAt: clock.now() + 1_000 },
  ]);
  const seen: { identity: Identity; authorization: string | undefined; key: string | undefined }[] = [];
  const handler: EdgeHandler = (exchange) => {
    const { identity, authorization, answer } = exchange;
    seen.push({ identity, authorization, key: apiKeyOf(exchange) });
    answer.begin(200, [], 0);
    answer.end();
  };
  const store = memoryRateLimits({ clock, random: seededRandom(1) });
  const limits = rateLimited({
    store,
    telemetry,
    policies: [{ name: 'perkey', quota: 3, windowSeconds: 60, by: 'apiKey', without: 'pass' }],
  });
  const edge = await openEdge([apiKey({ keys, ...options }), limits, ...behind], { clock, telemetry, handler });
  const ask = async (headers: Record<string, string>) => {
    const answer = await fetch(edge.origin, { headers });
    return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: await answer.text() };
  };
  return { ask, clock, edge, seen, telemetry, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

test('a key tells who asks, and goes no further', async () => {
  await using under = await open();
  assert.equal((await under.ask({ 'X-Api-Key': secret, 'x-other': '1' })).status, 200);
  assert.deepEqual(under.seen, [
    {
      identity: { kind: 'user', subject: 'acme', roles: [], scopes: ['orders:read'] },
      authorization: undefined,
      key: 'partner',
    },
  ]);
  assert.match(under.edge.arrived[0] ?? '', /x-other: 1/);
  await under.ask({ 'x-api-key': 'dure_unknown-secret-key' });
  assert.equal(under.edge.notes[0], 'api key: partner');
  const said = JSON.stringify([under.edge.arrived, under.edge.notes, under.telemetry.lines, under.telemetry.spans]);
  assert.doesNotMatch(said, /secret-key/);
  assert.match(said, /"dure\.caller":"partner"/);
});

test('an unknown key, one that has ended and two at once are one and the same 401', async () => {
  await using under = await open();
  assert.equal((await under.ask({ 'x-api-key': ended })).status, 200);
  await under.clock.advance(1_000);
  const answers = [
    await under.ask({ 'x-api-key': ended }),
    await under.ask({ 'x-api-key': 'dure_unknown' }),
    await under.ask({ 'x-api-key': '' }),
  ];
  const shown = answers.map(({ status, challenge, text }) => {
    const { code, detail } = JSON.parse(text);
    return [status, challenge, code, detail];
  });
  assert.deepEqual(
    shown,
    Array(3).fill([401, 'ApiKey', 'GATEWAY_API_KEY_UNKNOWN', 'the key in "x-api-key" is not valid']),
  );
  assert.equal(under.seen.length, 1);
});

test('two keys in one request are refused', async () => {
  await using under = await open();
  const twice = `GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-api-key: ${secret}\r\nX-API-Key: ${secret}\r\n\r\n`;
  assert.match(await sendRaw(under.edge.port, twice), /^HTTP\/1\.1 401 /);
});

test('a request without a key passes as it is, and whoever is signed in stays who they are', async () => {
  await using under = await open();
  await under.ask({});
  await under.ask({ authorization: 'Bearer ann', 'x-api-key': secret });
  assert.deepEqual(
    under.seen.map(({ identity, key }) => [identity.kind, identity.subject, key]),
    [
      ['anonymous', '', undefined],
      ['user', 'ann', 'partner'],
    ],
  );
});

test('limits count by the id of the key', async () => {
  await using under = await open();
  const statuses = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await under.ask({ 'x-api-key': secret })).status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  assert.equal((await under.ask({ 'x-api-key': ended })).status, 200);
});

test('the field may be another, and services hear of the user of a key by the layer that tells who calls', async () => {
  const signer = { authorize: async (audience: string, of?: Identity) => `Bearer ${audience} for ${of?.subject}` };
  await using under = await open({ in: 'X-Partner-Key' }, [forwardedIdentity(signer)]);
  await under.ask({ 'x-partner-key': secret });
  await under.ask({ 'x-api-key': secret });
  assert.deepEqual(
    under.seen.map(({ authorization }) => authorization),
    ['Bearer things for acme', undefined],
  );
});

test('a field that is none is refused when the layer is made', async () => {
  await assert.rejects(open({ in: 'x api key' }), { code: 'GATEWAY_PROTECTION_INVALID' });
});
