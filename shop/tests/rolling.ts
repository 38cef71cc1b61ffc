import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { seededRandom } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import { customer } from './customer.ts';
import { countBy, decidedOrders } from './decided-orders.ts';
import { startLoad } from './load.ts';

export interface RollingOptions {
  readonly seed: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly connections: number;
  readonly orderShare: number;
  readonly registerShare: number;
  /** What is done to the system under load, again and again, until there were enough requests. */
  readonly turn: (shop: TestSystem) => Promise<void>;
}

const settleMs = 60_000;

/**
 * Loads the shop through the gateway, its participants and consumers doubled, while its processes are replaced, added
 * and taken away: no request fails, and every order is decided once.
 */
export async function rollUnderLoad(context: TestContext, options: RollingOptions): Promise<void> {
  const { seed, requests, perSecond, connections, orderShare, registerShare, turn } = options;
  await using shop = await startSystem(new URL('../system.ts', import.meta.url), {
    placement: 'each',
    scale: { inventory: 2, payment: 2 },
  });
  const kim = await customer(shop.edge, 'kim');
  const load = startLoad({
    edge: shop.edge,
    customer: kim,
    random: seededRandom(seed),
    requests,
    perSecond,
    connections,
    orderShare,
    registerShare,
  });
  let turns = 0;
  try {
    do {
      await turn(shop);
      turns += 1;
    } while (load.answered < requests);
  } catch (error) {
    await load.end(0);
    throw error;
  }
  const { failures, placed, ...figures } = await load.end();
  context.diagnostic(`${turns} turns; ${placed.length} orders; ${JSON.stringify(figures)}`);
  context.diagnostic(`the gateway tried again after ${await repetitions(shop)} failures`);
  for (const failure of failures.slice(0, 3)) for (const line of await told(shop, failure)) context.diagnostic(line);
  assert.deepEqual(
    failures.slice(0, 10),
    [],
    `${failures.length} of ${figures.requests} requests failed (seed ${seed})`,
  );
  const states = await decidedOrders(kim, settleMs);
  context.diagnostic(JSON.stringify(countBy(states)));
  assert.equal(new Set(placed).size, placed.length);
  assert.deepEqual([...states.keys()].sort(), [...placed].sort(), 'the orders that were placed, and no others');
  await demandShared(shop, context);
  await shop.verify();
}

/** How often the gateway met an instance that did not answer. */
async function repetitions(shop: TestSystem): Promise<number> {
  const lines = (await shop.output('gateway')).split('\n');
  return lines.filter((line) => /"code":"GATEWAY_(CONNECT_FAILED|UPSTREAM_CLOSED)"/.test(line)).length;
}

/** What the processes wrote about the request that failed. */
async function told(shop: TestSystem, failure: string): Promise<readonly string[]> {
  const traceId = /"traceId":"(\w+)"/.exec(failure)?.[1];
  if (traceId === undefined) return [];
  const folder = join(shop.stateFolder, 'logs');
  const logs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return logs.flatMap((log) => log.split('\n').filter((line) => line.includes(traceId)));
}

/**
 * Both processes of a service took part. A command's line is written before its COMMIT: what a process that leaves rolls
 * back is carried out, and told, once more. That nothing took effect twice is for `verify` to say.
 */
async function demandShared(shop: TestSystem, context: TestContext): Promise<void> {
  const shares: number[] = [];
  for (const process of ['payment', 'payment-2']) {
    const lines = (await shop.output(process)).split('\n');
    shares.push(lines.filter((line) => line.includes('"carries out payment.capture"')).length);
  }
  context.diagnostic(`captures by the two processes of payment: ${shares.join(' and ')}`);
  assert.ok(
    shares.every((share) => share > 0),
    'both took part',
  );
}
