// How many orders a second are accepted through the gateway, against an application written by hand with Fastify, pg and
// @fastify/http-proxy? The same route, schema and checks, and the same durable writes, in a Dure service alone; and the shop,
// which also asks for prices over the network, begins a saga for each order and carries it out meanwhile.
import { join } from 'node:path';
import { systemClock, systemRandom } from '@dure/core';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { startChild } from './lib/child.ts';
import type { Shop } from './lib/shop.ts';
import { forget, startShop, startSystem, stateFolder } from './lib/shop.ts';
import type { Shopper } from './lib/shopper.ts';
import { shopper } from './lib/shopper.ts';
import { median, printTable, round } from './lib/table.ts';
import { wrk } from './lib/wrk.ts';

const pairs = Number(process.env.PAIRS ?? 5);
const seconds = Number(process.env.SECONDS ?? 3);
const peers = join(import.meta.dirname, 'peers');
const script = join(import.meta.dirname, 'lib', 'place-orders.lua');

/** Somewhere to place orders. */
interface Edge {
  readonly url: string;
  readonly buyer: Shopper;
  /** Resolves when nothing is left to do for what was placed. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

let runs = 0;
let refused = 0;
async function ordersPerSecond({ url, buyer }: Edge, connections: number, forSeconds: number): Promise<number> {
  runs += 1;
  const args = [buyer.authorization, `bench-${process.pid}-${runs}-`, buyer.body] as const;
  const { rate, failures } = await wrk(`${url}/orders`, {
    connections,
    seconds: forSeconds,
    script: [script, ...args],
  });
  refused += failures;
  return rate;
}

async function openShop(): Promise<Edge & { readonly verify: Shop['verify'] }> {
  const folder = stateFolder();
  const { edge: url, verify, stop } = await startShop(folder);
  const buyer = await shopper(url, 'orders');
  return {
    url,
    buyer,
    verify,
    async settled() {
      for (let pending = true; pending; ) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        const response = await fetch(`${url}/orders?limit=50`, { headers: { authorization: buyer.authorization } });
        const { orders } = (await response.json()) as { readonly orders: readonly { readonly state: string }[] };
        pending = orders.some(({ state }) => state === 'pending');
      }
    },
    async stop() {
      await stop();
      forget(folder);
    },
  };
}

async function openAlone(): Promise<Edge & { readonly jwks: string }> {
  const folder = stateFolder();
  const system = await startSystem('bench/peers/orders-alone', folder, '--port-base', '21180');
  const services = (await system.components()).flatMap((component) => component.services);
  const port = services.find(({ name }) => name === 'user')?.port;
  return {
    url: system.edge,
    buyer: await shopper(system.edge, 'orders'),
    jwks: await (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).text(),
    settled: async () => undefined,
    async stop() {
      await system.stop();
      forget(folder);
    },
  };
}

/** The same PostgreSQL with the same settings, for the peer alone; it takes the tokens of somebody else's users. */
async function openByHand(jwks: string, buyer: Shopper): Promise<Edge> {
  const folder = stateFolder();
  const database = await startEmbeddedPostgres({ folder, clock: systemClock, random: systemRandom });
  const application = await startChild(join(peers, 'plain-orders.ts'), database.adminUrl, jwks);
  const proxy = await startChild(join(peers, 'fastify-http-proxy.ts'), String(application.hello.port), '/orders');
  return {
    url: `http://127.0.0.1:${proxy.hello.port}`,
    buyer,
    settled: async () => undefined,
    async stop() {
      await proxy.stop();
      await application.stop();
      await database.stop();
      forget(folder);
    },
  };
}

/** Rates of an edge and of the peer, in turn, and how the peer's compares. */
async function measured(edge: Edge, byHand: Edge, connections: number): Promise<readonly (string | number)[]> {
  const rates: { readonly own: number; readonly peer: number }[] = [];
  for (const each of [edge, byHand]) await ordersPerSecond(each, connections, 1);
  refused = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    await edge.settled();
    const peer = await ordersPerSecond(byHand, connections, seconds);
    rates.push({ own: await ordersPerSecond(edge, connections, seconds), peer });
  }
  await edge.settled();
  const middle = (read: (rate: (typeof rates)[number]) => number) => median(rates.map(read));
  const ratio = round(middle(({ own, peer }) => own / peer));
  return [Math.round(middle(({ own }) => own)), Math.round(middle(({ peer }) => peer)), ratio, refused];
}

const rows: (string | number)[][] = [['', 'connections', 'orders/s', 'by hand', 'ratio', 'not accepted']];
const alone = await openAlone();
const byHand = await openByHand(alone.jwks, alone.buyer);
for (const connections of [1, 32])
  rows.push(['order service alone', connections, ...(await measured(alone, byHand, connections))]);
await alone.stop();
const shop = await openShop();
for (const connections of [1, 32])
  rows.push(['whole shop, with sagas', connections, ...(await measured(shop, byHand, connections))]);
printTable(`Orders accepted a second, median of ${pairs} pairs of ${seconds} s`, rows);
process.stdout.write(`\`dure verify\` of the shop exits ${await shop.verify()}\n`);
await shop.stop();
await byHand.stop();
