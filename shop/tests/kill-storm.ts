import assert from 'node:assert/strict';
import { loadavg } from 'node:os';
import type { TestContext } from 'node:test';
import type { Random } from '@dure/core';
import { randomInteger, randomItem, seededRandom } from '@dure/core';
import type { Customer } from './customer.ts';
import { customer } from './customer.ts';
import { countBy, decidedOrders, pause } from './decided-orders.ts';
import type { ShopCommand } from './shop-command.ts';
import { shopCommand } from './shop-command.ts';
import { shopModule } from './shop-module.ts';
import { untilPlaced } from './until-placed.ts';

export interface Storm {
  readonly seed: number;
  readonly orders: number;
  readonly perSecond: number;
  /** Between two kills, in milliseconds. */
  readonly between: readonly [from: number, to: number];
  /** How often each process is killed. */
  readonly rounds: number | 'until all is placed';
  /** Whether one start in two is killed, too, before it is ready. */
  readonly killsStarts: boolean;
}

const clients = 16;
/** So few because each parks its key: when many do, the fault is taken for the consumer's. */
const slowEveryMs = 2_000;
const settleMs = 60_000;
/** Not promised; it only ends a test that would hang. */
const patienceMs = 180_000;
const skus = ['tea-green', 'tea-citron', 'cup-moon', 'spoon-brass', 'paper-hanji', 'hat-gat', 'drum-janggu'] as const;
const methods = ['card', 'card', 'card', 'declined-card', 'expired-card', 'lying-card'] as const;

/**
 * Places orders while every process of the shop is killed, the supervisor included: none is lost or doubled, all are
 * decided within a minute of the last kill, goods and money add up, and no process is left behind.
 */
export async function killStorm(context: TestContext, storm: Storm): Promise<void> {
  const { seed, orders } = storm;
  await using on = await shopModule();
  await using shop = await shopCommand(on.module);
  const kim = await customer(shop.edge, 'kim');
  const startedAt = performance.now();

  let placing = true;
  const killing = killInRounds(shop, storm, () => placing);
  const [placed, kills] = await Promise.all([
    placeOrders(kim, storm).finally(() => {
      placing = false;
    }),
    killing,
  ]);
  const states = await decidedOrders(kim, patienceMs);
  const now = performance.now();
  const tookMs = now - kills.lastAt;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  context.diagnostic(
    `seed ${seed}, by ${on.carrier}, load ${loadavg()[0]?.toFixed(1)}: ${kills.count} kills, ${kills.supervisor} of the supervisor ` +
      `(${kills.starting} while it started), ready again after ${kills.readyAgainMs.map(seconds).join(', ')}; all decided ` +
      `${seconds(tookMs)} after the last, ${seconds(now - startedAt)} after the first order; ${JSON.stringify(countBy(states))}`,
  );
  assert.equal(new Set(placed).size, orders, 'one order for each key');
  assert.deepEqual([...states.keys()].sort(), [...placed].sort(), 'the orders that were placed, and no others');
  await shop.verify();
  assert.ok(tookMs <= settleMs, `decided after ${Math.round(tookMs)} ms`);
  assert.ok((countBy(states).confirmed ?? 0) > 0, `some were confirmed: ${JSON.stringify(countBy(states))}`);
  await shop.stop();
}

/** Places the orders at their times, or, when the shop was away, as fast as the clients can. */
async function placeOrders(kim: Customer, { seed, orders, perSecond }: Storm): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const slowEvery = Math.round((perSecond * slowEveryMs) / 1_000);
  const wanted = Array.from({ length: orders }, (_, number) => ({
    sku: randomItem(random, skus) ?? 'tea-green',
    method: number % slowEvery === 0 ? 'slow-card' : (randomItem(random, methods) ?? 'card'),
    quantity: randomInteger(random, 1, 2),
    withinMs: patienceMs,
  }));
  const startedAt = performance.now();
  const placed: string[] = [];
  const queue = wanted.entries();
  const client = async (): Promise<void> => {
    for (const [number, order] of queue) {
      const aheadMs = startedAt + (number * 1_000) / perSecond - performance.now();
      if (aheadMs > 0) await pause(aheadMs);
      placed.push((await untilPlaced(kim, order)).orderId);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return placed;
}

interface Kills {
  count: number;
  supervisor: number;
  /** Kills of the supervisor before it was ready. */
  starting: number;
  lastAt: number;
  readonly readyAgainMs: number[];
}

/** Kills every process once a round, in an order of its own. */
async function killInRounds(shop: ShopCommand, storm: Storm, placing: () => boolean): Promise<Kills> {
  const random = seededRandom(storm.seed + 1);
  const kills: Kills = { count: 0, supervisor: 0, starting: 0, lastAt: 0, readyAgainMs: [] };
  const [from, to] = storm.between;
  const goesOn = () => storm.rounds !== 'until all is placed' || placing();
  const rounds = storm.rounds === 'until all is placed' ? Number.POSITIVE_INFINITY : storm.rounds;
  for (let round = 1; round <= rounds && goesOn(); round += 1) {
    for (const name of shuffled(random, shop.processes)) {
      if (!goesOn()) break;
      await pause(from + random.next() * (to - from));
      await untilRunning(shop, name);
      await shop.kill(name);
      kills.count += 1;
      kills.lastAt = performance.now();
      if (name === 'supervisor') await startAgain(shop, random, storm, kills);
    }
  }
  return kills;
}

async function startAgain(shop: ShopCommand, random: Random, storm: Storm, kills: Kills): Promise<void> {
  kills.supervisor += 1;
  if (storm.killsStarts && random.next() < 0.5) {
    await shop.start(random.next() * 3_000);
    kills.count += 1;
    kills.supervisor += 1;
    kills.starting += 1;
    kills.lastAt = performance.now();
  }
  await shop.start();
  kills.readyAgainMs.push(performance.now() - kills.lastAt);
}

function shuffled(random: Random, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/** Resolves when a process runs: the one that was killed last time is started again after a while. */
async function untilRunning(shop: ShopCommand, name: string): Promise<void> {
  const until = performance.now() + settleMs;
  while (shop.pid(name) === undefined) {
    assert.ok(performance.now() < until, `${name} is down for ${settleMs} ms`);
    await pause(20);
  }
}
