import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { product } from '@shop/product/contract';
import { productService } from '@shop/product/service';
import { callOf, serviceBench } from './service-bench.ts';

const call = testCall();
const kite = {
  sku: 'kite-shield',
  name: { en: 'Shield kite', ko: '방패연' },
  description: { en: 'Flies high.', ko: '높이 납니다.' },
  price: { amount: 24_000, currency: 'KRW' as const },
  picture: '🪁',
};

test('the catalogue comes in pages, each product once, in order of SKU', async () => {
  await using bench = await serviceBench(product, productService, { seeds: true });
  const seen: string[] = [];
  for (let after: string | undefined; ; ) {
    const query = after === undefined ? { limit: 5 } : { limit: 5, after };
    const page = await bench.handlers.listProducts({ query }, call);
    seen.push(...page.products.map(({ sku }) => sku));
    if (page.next === null) break;
    after = page.next;
  }
  assert.equal(seen.length, 12);
  assert.deepEqual(seen, seen.toSorted());
});

test('a new product is told to the world, once for each key', async () => {
  await using bench = await serviceBench(product, productService);
  for (const _ of [1, 2]) {
    assert.deepEqual(
      await bench.handlers.addProduct({ body: kite }, callOf(product, 'addProduct', { key: 'k' })),
      kite,
    );
  }
  assert.deepEqual(await bench.messages(), [['product.added', kite]]);
  await assert.rejects(
    bench.handlers.addProduct({ body: kite }, callOf(product, 'addProduct', { key: 'another' })),
    (error) => isRefusal(error) && error.code === 'SkuTaken',
  );
});

test('a price is told only when it changes', async () => {
  await using bench = await serviceBench(product, productService, { seeds: true });
  const body = { amount: 19_000, currency: 'KRW' as const };
  for (const _ of [1, 2]) {
    const priced = await bench.handlers.changePrice({ params: { sku: 'tea-green' }, body }, call);
    assert.deepEqual(priced.price, body);
  }
  // Before it the first catalogue is told.
  const told = (await bench.messages()).filter(([type]) => type !== 'product.added');
  assert.deepEqual(told, [['product.priceChanged', { sku: 'tea-green', price: body }]]);
});

test('a product that does not exist is refused by name', async () => {
  await using bench = await serviceBench(product, productService);
  const params = { sku: 'nothing' };
  const refused = (error: unknown) => isRefusal(error) && error.code === 'UnknownProduct';
  await assert.rejects(bench.handlers.getProduct({ params }, call), refused);
  await assert.rejects(bench.handlers.changePrice({ params, body: kite.price }, call), refused);
});
