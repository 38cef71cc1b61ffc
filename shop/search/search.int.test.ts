import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import { foreignMessage } from '@dure/messaging/testing';
import type { Statements } from '@dure/sqlite';
import { openReadModel } from '@dure/sqlite';
import { catalogueSchema, find, put, setPrice } from './catalogue.sqlite.ts';

const item = (sku: string, en: string, ko: string, about = ['', '']) => ({
  sku,
  name: { en, ko },
  description: { en: about[0] ?? '', ko: about[1] ?? '' },
  price: { amount: 1_000, currency: 'KRW' as const },
  picture: '🍵',
});

async function catalogue() {
  const folder = await mkdtemp(join(tmpdir(), 'shop-search-'));
  const file = openReadModel({ folder, name: 'search', schema: catalogueSchema });
  let position = 0;
  const change = (work: (tx: Statements) => void) => {
    position += 1;
    return file.deliveries.deliver(foreignMessage({ position }), testCall(), async (tx) => {
      work(tx);
      return undefined;
    });
  };
  for (const one of [
    item('tea-green', 'Boseong green tea', '보성 녹차', [
      'First-flush leaves from the terraces',
      '보성 차밭에서 딴 첫물 찻잎',
    ]),
    item('tea-citron', 'Goheung citron tea', '고흥 유자차', ['Citron preserved in honey', '꿀에 재운 유자']),
    item('cup-moon', 'Moon jar cup', '달항아리 잔', ['For green tea, too; a café classic', '백자 잔']),
  ])
    await change((tx) => put(tx, one));
  return {
    change,
    found: (text: string, limit = 10) => find(file.read, text, limit).map(({ sku }) => sku),
    price: (text: string) => find(file.read, text, 1)[0]?.price.amount,
    async [Symbol.asyncDispose]() {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test('products are found by English and by Korean words, also by a part of one, those named so before those described so', async () => {
  await using shop = await catalogue();
  assert.deepEqual(shop.found('green tea'), ['tea-green', 'cup-moon']);
  assert.deepEqual(shop.found('CITR'), ['tea-citron']);
  assert.deepEqual(shop.found('cafe'), ['cup-moon']);
  assert.deepEqual(shop.found('녹차'), ['tea-green']);
  assert.deepEqual(shop.found('항아리'), ['cup-moon']);
  assert.deepEqual(shop.found('차밭'), ['tea-green']);
  assert.deepEqual(shop.found('유자 honey'), ['tea-citron']);
  assert.deepEqual(shop.found('보성 유자'), []);
  assert.deepEqual(shop.found('…'), []);
  assert.deepEqual(shop.found('tea', 1).length, 1);
});

test('what changes is found as it is now, and told twice it is there once', async () => {
  await using shop = await catalogue();
  await shop.change((tx) => setPrice(tx, 'tea-green', { amount: 7, currency: 'KRW' }));
  assert.equal(shop.price('녹차'), 7);
  await shop.change((tx) => put(tx, item('tea-green', 'Jeju green tea', '제주 녹차')));
  assert.deepEqual([shop.found('보성'), shop.found('제주')], [[], ['tea-green']]);
});
