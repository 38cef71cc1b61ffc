import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, randomItem, seededRandom } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import { customer } from './customer.ts';
import { countBy, decidedOrders, pause } from './decided-orders.ts';
import { shopModule, withoutBroker } from './shop-module.ts';
import { untilPlaced } from './until-placed.ts';

const seed = Number(process.env.SEED ?? 20261120);
const victims = ['user', 'product', 'inventory', 'order', 'payment', 'delivery', 'registry', 'gateway'] as const;
const orders = 200;
const ordersPerSecond = 20;
/** So few because each parks its key: when many do, the fault is taken for the consumer's. */
const slowEvery = 40;
const killsEach = 2;
const settleMs = 60_000;
const readyMs = 20_000;
const skus = ['tea-green', 'tea-citron', 'cup-moon', 'spoon-brass', 'paper-hanji', 'hat-gat', 'drum-janggu'] as const;
const methods = ['card', 'card', 'card', 'declined-card', 'expired-card', 'lying-card'] as const;

test(`every order ends, none is lost and none is doubled, while every service, the registry and the gateway are killed twice (seed ${seed})`, {
  skip: withoutBroker,
}, async (context) => {
  await using on = await shopModule();
  await using shop = await startSystem(on.module, { placement: 'each' });
  const kim = await customer(shop.edge, 'kim');
  const random = seededRandom(seed);

  const killing = killAtRandom(shop, seed);
  const placing: Promise<string>[] = [];
  for (let number = 0; number < orders; number += 1) {
    const sku = randomItem(random, skus) ?? 'tea-green';
    const method = number % slowEvery === 0 ? 'slow-card' : (randomItem(random, methods) ?? 'card');
    const wanted = { sku, quantity: randomInteger(random, 1, 2), method, withinMs: settleMs };
    placing.push(untilPlaced(kim, wanted).then(({ orderId }) => orderId));
    await pause(1_000 / ordersPerSecond);
  }
  const placed = await Promise.all(placing);
  const kills = await killing;
  const lastKillAt = performance.now();

  const states = await decidedOrders(kim, settleMs);
  const tookMs = performance.now() - lastKillAt;
  context.diagnostic(
    `by ${on.carrier}: ${kills} kills; all decided ${(tookMs / 1_000).toFixed(1)} s after the last; ${JSON.stringify(countBy(states))}`,
  );
  assert.ok(kills >= victims.length * killsEach, `${kills} kills`);
  assert.equal(new Set(placed).size, orders, 'one order for each key');
  assert.deepEqual([...states.keys()].sort(), [...placed].sort(), 'the orders that were placed, and no others');
  assert.ok(tookMs <= settleMs, `decided after ${Math.round(tookMs)} ms`);
  assert.ok((countBy(states).confirmed ?? 0) > 0, `some were confirmed: ${JSON.stringify(countBy(states))}`);
  await shop.verify();
});

/** Kills every victim's process `killsEach` times, in random order and at random times; each is ready before its turn. */
async function killAtRandom(shop: TestSystem, from: number): Promise<number> {
  const random = seededRandom(from + 1);
  const turns = victims
    .flatMap((victim) => Array.from({ length: killsEach }, () => ({ victim, at: random.next() })))
    .sort((a, b) => a.at - b.at);
  const killed = new Set<number>();
  for (const { victim } of turns) {
    await pause(200 + random.next() * 800);
    await untilServing(shop, victim, killed);
    killed.add(shop.kill(victim));
  }
  return killed.size;
}

/** Resolves when a service has a ready process that was not killed; one that is still starting has nothing to lose. */
async function untilServing(shop: TestSystem, service: string, killed: ReadonlySet<number>): Promise<void> {
  const until = performance.now() + readyMs;
  for (;;) {
    const { components } = await shop.status();
    const component = components.find(({ name }) => name === service);
    if (component?.state === 'ready' && !killed.has(component.pid ?? 0)) return;
    assert.ok(performance.now() < until, `${service} is still ${component?.state} after ${readyMs} ms`);
    await pause(50);
  }
}
