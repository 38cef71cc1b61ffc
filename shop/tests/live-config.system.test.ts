import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { ask, customer } from './customer.ts';
import { editableShop } from './editable-shop.ts';

const settings = (percent: number, rule: string) => `
discount-percent: ${percent}
dure:
  log: { level: debug }
  resilience: { circuit-breaker: { minimum-calls: 30 } }
  flags: { delivery-promise: { rules: [ { ${rule}, value: true } ] } }
`;

test('a discount and a flag change while orders flow: new orders get them, no order is lost, and all invariants hold', async () => {
  await using editable = await editableShop({ placement: 'one' });
  const { shop } = editable;
  const edit = (text: string) => editable.edit('order.yml', text);
  const sora = await customer(shop.edge, 'sora');
  const offer = async () => (await ask(`${shop.edge}/offer`)).body;
  assert.deepEqual(await offer(), { discountPercent: 0, promisesDelivery: false });
  const totals: number[] = [];
  const placed: string[] = [];
  const buy = async () => {
    const { status, body } = await sora.order('tea-green', 1, 'card');
    assert.equal(status, 202, JSON.stringify(body));
    placed.push(String(body.orderId));
    const { body: order } = await sora.ask('GET', `/orders/${String(body.orderId)}`);
    totals.push((order.total as { amount: number }).amount);
  };
  await buy();
  const full = totals[0] ?? 0;
  await edit(settings(20, 'where: { nobody: [x] }'));
  for (let turn = 0; turn < 40 && totals.at(-1) === full; turn += 1) {
    await buy();
    await wait(systemClock, 250);
  }
  assert.equal(totals.at(-1), Math.round(full * 0.8));
  assert.deepEqual(new Set(totals), new Set([full, Math.round(full * 0.8)]), 'a price is one or the other');
  await edit(settings(200, 'percent: 100'));
  await wait(systemClock, 3_000);
  assert.deepEqual(await offer(), { discountPercent: 20, promisesDelivery: false }, 'a broken edit changes nothing');
  await edit(settings(20, 'percent: 100'));
  const promised = async () => (await sora.ask('GET', '/offer')).body.promisesDelivery;
  for (let turn = 0; turn < 60 && (await promised()) !== true; turn += 1) await wait(systemClock, 250);
  assert.equal(await promised(), true);
  assert.equal((await offer()).promisesDelivery, false, 'nobody in particular has no place among the users');
  for (const orderId of placed) assert.equal((await sora.follow(orderId)).at(-1)?.state, 'confirmed');
  await shop.verify();
});
