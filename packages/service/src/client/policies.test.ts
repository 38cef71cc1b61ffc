import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import type { Call, Layer } from '@dure/core';
import { codeOf, DureError, seededRandom } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { bytes, contract, get, put } from '../contract/index.ts';
import { mockClient } from '../testing/mock-client.ts';
import type { HttpTransport } from './http-transport.ts';
import { adjusted, httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';
import { withBaseUrls } from './with-base-urls.ts';

const stock = contract('stock', {
  read: get('/stock', { output: z.object({ left: z.int() }), access: 'public', timeoutMs: 5_000 }),
  list: get('/list', {
    query: z.object({ after: z.string().optional(), limit: z.int().optional() }),
    output: z.object({ items: z.array(z.object({ id: z.int() })), next: z.string().nullish() }),
    access: 'public',
    pages: { cursor: 'after', next: 'next', items: 'items' },
  }),
});

/** A transport that notes the calls it is given and always fails so that it may be tried again. */
function failing(seen: Call[]): HttpTransport {
  return {
    sender: () => async (_input, call) => {
      seen.push(call);
      throw new DureError('TEST_DOWN', 'unavailable', 'down', { retryable: true });
    },
    close: async () => {},
  };
}

function layersFor(clock = fakeClock()) {
  const random = seededRandom(1);
  const instances = withBaseUrls(staticInstances({ stock: [staticInstance('stock', 'http://127.0.0.1:1')] }), [
    stock.at('https://stock.example:8443/v1'),
  ]);
  return outboundLayers({
    clock,
    random,
    telemetry: silentTelemetry(testIds()),
    balancer: balancer({ instances, clock, random }),
  });
}

async function attemptsOf(
  use: (transport: HttpTransport) => Promise<unknown>,
  clock: ReturnType<typeof fakeClock>,
): Promise<void> {
  const done = assert.rejects(use({ sender: () => async () => undefined, close: async () => {} }));
  await clock.advance(60_000);
  await done;
}

test('a policy at the place of use changes timeout and attempts there, and nowhere else', async () => {
  const clock = fakeClock();
  const layers = layersFor(clock);
  const seen: Call[] = [];
  const careful = httpClient(stock.with({ read: { timeoutMs: 200, attempts: 1 } }), layers, failing(seen));
  const usual = httpClient(stock, layers, failing(seen));
  await attemptsOf(() => careful.read({}, testCall()), clock);
  assert.deepEqual(
    seen.map(({ operation, attempt }) => [operation.timeoutMs, attempt.number, attempt.budgetLeft]),
    [[200, 1, 0]],
  );
  await attemptsOf(() => usual.read({}, testCall()), clock);
  assert.deepEqual(
    seen.slice(1).map(({ operation, attempt }) => [operation.timeoutMs, attempt.number]),
    [
      [5_000, 1],
      [5_000, 2],
      [5_000, 3],
    ],
  );
  assert.equal(stock.operations.read.timeoutMs, 5_000);
});

test('layers of a user stand at two named places: round the call, once, and round each attempt', async () => {
  const clock = fakeClock();
  const steps: string[] = [];
  const noting =
    (name: string): Layer<unknown, unknown> =>
    (next) =>
    async (input, call) => {
      steps.push(`${name} ${call.attempt.number} ${call.attempt.target?.port ?? '–'}`);
      return next(input, call);
    };
  const noted = stock
    .with({ read: { aroundCall: [noting('call')], attempts: 2 } }, { aroundAttempt: [noting('every')] })
    .with({ read: { aroundAttempt: [noting('own')] } });
  const client = httpClient(noted, layersFor(clock), failing([]));
  await attemptsOf(() => client.read({}, testCall()), clock);
  assert.deepEqual(steps, ['call 1 –', 'every 1 8443', 'own 1 8443', 'every 2 8443', 'own 2 8443']);
});

test('a client can be adjusted when the service starts, by what only its configuration knows', async () => {
  const sent: unknown[] = [];
  const transport: HttpTransport = {
    sender: (operation, to) => async (_input, call) => {
      sent.push([operation.name, to?.baseUrl, await to?.headers?.(call)]);
      return { left: 1 };
    },
    close: async () => {},
  };
  const plain = httpClient(
    stock.with({}, { headers: () => ({ 'x-app': 'shop' }) }).at('https://stock.example:8443/v1'),
    layersFor(),
    transport,
  );
  const keyed = adjusted(plain, { read: { headers: async () => ({ 'x-api-key': 'secret' }) } });
  await keyed.read({}, testCall());
  await plain.read({}, testCall());
  assert.deepEqual(sent, [
    ['read', 'https://stock.example:8443/v1', { 'x-app': 'shop', 'x-api-key': 'secret' }],
    ['read', 'https://stock.example:8443/v1', { 'x-app': 'shop' }],
  ]);
});

test('the items of all pages come one by one, each page when it is needed', async () => {
  const pages = [
    { items: [{ id: 1 }, { id: 2 }], next: 'b' },
    { items: [], next: 'c' },
    { items: [{ id: 3 }], next: null },
  ];
  const client = mockClient(stock, {
    list: ({ query }) => pages[['a', 'b', 'c'].indexOf(query.after ?? 'a')] ?? { items: [] },
  });
  const ids: number[] = [];
  for await (const { id } of client.list.pages({ query: { limit: 2 } }, testCall())) {
    if (id === 1) assert.equal(client.list.calls.length, 1);
    ids.push(id);
  }
  assert.deepEqual(ids, [1, 2, 3]);
  assert.deepEqual(
    client.list.calls.map(({ input }) => input.query),
    [{ limit: 2 }, { limit: 2, after: 'b' }, { limit: 2, after: 'c' }],
  );
});

test('pages that lead round in a circle end in an error that names the cursor', async () => {
  const client = mockClient(stock, { list: { items: [{ id: 1 }], next: 'same' } });
  await assert.rejects(
    Array.fromAsync(client.list.pages({ query: {} }, testCall())),
    (error) => codeOf(error) === 'SERVICE_RESPONSE_INVALID' && /cursor "same" is that page again/.test(String(error)),
  );
});

const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['an operation that there is not', () => stock.with({ nothing: {} } as never), /"nothing", but stock has read, list/],
  ['no attempt at all', () => stock.with({ read: { attempts: 0 } }), /stock\.read: .*`attempts` 0/],
  ['no time at all', () => stock.with({}, { timeoutMs: 0 }), /stock: .*`timeoutMs` 0/],
  ['a base URL that is none', () => stock.at('stock.example/v1'), /"stock\.example\/v1" is not one/],
  ['a base URL with credentials', () => stock.at('https://me:pw@stock.example'), /without query or credentials/],
  ['bytes of no media type', () => bytes({ type: 'image' }), /"image" is not a media type/],
  ['bytes of no size', () => bytes({ maxBytes: 0 }), /`maxBytes` a whole number above 0/],
  [
    'bytes with an Idempotency-Key',
    () => contract('files', { keep: put('/f', { body: bytes(), access: 'public', idempotent: 'key' }) }),
    /neither hashed nor kept/,
  ],
  [
    'bytes in the query',
    () => contract('files', { find: get('/f', { query: bytes(), access: 'public' }) }),
    /never `params` or `query`/,
  ],
  [
    'a stream of bytes as events',
    () => contract('files', { find: get('/f', { output: bytes(), stream: true, access: 'public' }) }),
    /is a stream already/,
  ],
];
for (const [name, make, message] of mistakes) {
  test(`${name} is refused at once`, () => {
    assert.throws(make, (error) => codeOf(error) === 'SERVICE_CONTRACT_INVALID' && message.test(String(error)));
  });
}

test('a contract with policies is the same contract for everything else', () => {
  const changed = stock.with({ read: { attempts: 1 } });
  assert.deepEqual(
    [changed.name, changed.operations.read.path, changed.only('read').policies.byOperation.read?.attempts],
    ['stock', '/stock', 1],
  );
});

test('a method of gRPC is not called by HTTP: its client is refused when it is made', () => {
  const grpc = { service: 'stock.Stock', method: 'Read', proto: new URL('./stock.proto', import.meta.url) };
  const bound = contract('stock', { read: get('/stock', { output: z.object({}), access: 'public', grpc }) });
  const transport: HttpTransport = { sender: () => async () => undefined, close: async () => {} };
  assert.throws(() => httpClient(bound, layersFor(), transport), /stock\.read is a method of gRPC/);
});
