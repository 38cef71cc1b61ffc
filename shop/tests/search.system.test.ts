import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import { ask } from './customer.ts';

const json = { 'content-type': 'application/json' };

async function administrator(edge: string) {
  const body = JSON.stringify({ email: 'admin@shop.example', password: 'dure-admin-2026' });
  const { body: session } = await ask(`${edge}/sessions`, { method: 'POST', headers: json, body });
  const authorization = `Bearer ${String(session.token)}`;
  return (method: string, path: string, sent: object) =>
    ask(`${edge}${path}`, {
      method,
      headers: { ...json, authorization, 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify(sent),
    });
}

async function found(shop: TestSystem, words: string): Promise<readonly { sku: string; price: { amount: number } }[]> {
  const { status, body } = await ask(`${shop.edge}/search?q=${encodeURIComponent(words)}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.products as { sku: string; price: { amount: number } }[];
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const give = performance.now() + 10_000; !(await holds()); await pause(20))
    assert.ok(performance.now() < give, `it did not come true in 10 s that ${what}`);
}

test('search follows the catalogue while it is alive, killed, without its file, and doubled', async () => {
  await using shop = await startSystem(new URL('../system.ts', import.meta.url), {
    placement: 'each',
    scale: { search: 2 },
  });
  assert.deepEqual(
    (await found(shop, '유자')).map(({ sku }) => sku),
    ['tea-citron'],
  );
  const change = await administrator(shop.edge);
  const lamp = {
    sku: 'lamp-silk',
    name: { en: 'Silk lantern', ko: '청사초롱' },
    description: { en: 'Red and blue, for a wedding.', ko: '혼례에 거는 붉고 푸른 등.' },
    price: { amount: 35_000, currency: 'KRW' },
    picture: '🏮',
  };
  assert.equal((await change('POST', '/products', lamp)).status, 201);
  // Whichever of the two answers.
  const everywhere = async (holds: (price: number | undefined) => boolean) => {
    const prices = await Promise.all([1, 2, 3, 4, 5, 6].map(async () => (await found(shop, '초롱'))[0]?.price.amount));
    return prices.every(holds);
  };
  await until('both find the new product', () => everywhere((price) => price === 35_000));

  shop.kill('search');
  await rm(join(shop.stateFolder, 'read-models'), { recursive: true });
  assert.equal((await change('PUT', '/products/lamp-silk/price', { amount: 30_000, currency: 'KRW' })).status, 200);
  shop.kill('search-2');
  await shop.untilReady();
  await until('both know the new price', () => everywhere((price) => price === 30_000));
  assert.equal((await ask(`${shop.edge}/search?q=`)).status, 400);
});
