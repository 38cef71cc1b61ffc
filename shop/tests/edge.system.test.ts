import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Answer } from './customer.ts';
import { ask } from './customer.ts';

let shop: TestSystem;
before(async () => {
  shop = await startSystem(new URL('../system.ts', import.meta.url), { placement: 'each' });
});
after(() => shop.stop());

const read = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(shop.edge + path, { headers });
const cacheStatus = (headers: Headers) => headers.get('cache-status') ?? '';

test('the catalogue is answered from the gateway’s cache, the same for whoever asks', async () => {
  const first = await read('/products?limit=2');
  assert.match(cacheStatus(first.headers), /fwd=/);
  const second = await read('/products?limit=2', { authorization: 'Bearer of-nobody' });
  assert.equal(second.status, 401, 'a bad token is refused before the cache');
  const third = await read('/products?limit=2');
  assert.match(cacheStatus(third.headers), /^dure; (?:hit|fwd=stale)/);
  assert.deepEqual(third.body, first.body);
});

test('the catalogue stays readable while product stands still, and says how old it is', async () => {
  const whole = await read('/products?limit=3');
  shop.kill('product', 'SIGSTOP');
  try {
    const stale = await read('/products?limit=3');
    assert.equal(stale.status, 200);
    assert.deepEqual(stale.body, whole.body);
    assert.match(cacheStatus(stale.headers), /stale-if-error|hit/);
    assert.match(stale.headers.get('age') ?? '', /^\d+$/);
  } finally {
    shop.kill('product', 'SIGCONT');
    await shop.untilReady();
  }
});

test('whoever writes something is told up to where, and takes it to the next read', async () => {
  const made = await ask(`${shop.edge}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'reads-own-writes' },
    body: JSON.stringify({ email: 'reader@example.com', password: 'correct horse battery', name: 'Reader' }),
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const position = made.headers.get('dure-position') ?? '';
  assert.match(position, /^user:[1-9]\d*$/);
  const stock = await read('/stock/tea-green', { 'dure-position': position });
  assert.equal(stock.status, 200);
});

test('who tries to sign in too often from one address has to wait, and is told how long', async () => {
  const attempt = () =>
    ask(`${shop.edge}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'nobody@example.com', password: 'correct horse battery' }),
    });
  const answers = await Promise.all(Array.from({ length: 60 }, attempt));
  const refused = answers.find(({ status }) => status === 429) ?? assert.fail('nothing was refused of sixty at once');
  assert.equal(refused.body.code, 'GATEWAY_RATE_LIMITED');
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.match(refused.headers.get('ratelimit') ?? '', /^"user\.signIn";r=\d+;t=\d+$/);
});

test('without instances of the version that is tried out, its cookie changes nothing', async () => {
  const plain = await read('/products/tea-green');
  const beta = await read('/products/tea-green', { cookie: 'shop_beta=1' });
  assert.deepEqual([beta.status, beta.body], [plain.status, plain.body]);
});
