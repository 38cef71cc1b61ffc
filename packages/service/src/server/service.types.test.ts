import type { Call } from '@dure/core';
import { event } from '@dure/messaging';
import { z } from 'zod';
import type { Client } from '../client/index.ts';
import { command, contract, get, post } from '../contract/index.ts';
import type { HttpRoute } from './http-route.ts';
import { on } from './reaction.ts';
import type { Resource } from './resource.port.ts';
import { service } from './service.ts';

const stock = contract('stock', {
  getStock: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ left: z.int() }),
    access: 'public',
    refuses: { UnknownSku: { status: 404, data: z.object({ sku: z.string() }) } },
  }),
  add: post('/stock', { body: z.object({ sku: z.string(), count: z.int().default(1) }), access: { role: 'admin' } }),
  watch: get('/stock/:sku/changes', {
    params: z.object({ sku: z.string() }),
    output: z.object({ left: z.int() }),
    stream: true,
    access: 'public',
  }),
  reserve: command({
    input: z.object({ orderId: z.string() }),
    output: z.object({ reservationId: z.string() }),
    refuses: { OutOfStock: { status: 409, data: z.object({ sku: z.string() }) } },
    key: (r) => r.orderId,
  }),
});
const added = event('product.added', { schema: z.object({ sku: z.string() }), key: (d) => d.sku });
declare const database: Resource<{ query: string }, { insert(sku: string): Promise<void> }>;
declare const client: Client<typeof stock>;
declare const call: Call;

service({
  contract: stock,
  config: z.object({ max: z.int().default(5) }),
  uses: { stock },
  database,
  reactions: [on(added, async ({ sku }, _call, tx: { insert(sku: string): Promise<void> }) => tx.insert(sku))],
  start: ({ config, uses, db }) => ({
    getStock: async ({ params }, inner) => {
      const other = await uses.stock.getStock.attempt({ params }, inner);
      if (!other.ok) throw stock.refuse.getStock.UnknownSku(other.refusal.data);
      return { left: config.max + db.query.length };
    },
    add: async ({ body }) => void body.count.toFixed(),
    watch: async function* () {
      yield { left: 1 };
    } as never,
    reserve: async ({ orderId }, _call, tx) => {
      await tx.insert(orderId);
      return { reservationId: orderId };
    },
  }),
});

// @ts-expect-error it is not said who may call it
get('/stock', { output: z.object({ left: z.int() }) });
// @ts-expect-error there is nobody of that kind
get('/stock', { output: z.object({ left: z.int() }), access: 'admin' });
get('/stock', { output: z.object({ left: z.int() }), access: { userScope: 'stock:read' } });
// @ts-expect-error nor is it said of a route beside the contract
const route: HttpRoute = { method: 'GET', path: '/', handle: () => ({ status: 204 }) };
void route;

service({
  contract: stock,
  // @ts-expect-error an operation is missing
  start: () => ({
    getStock: async () => ({ left: 1 }),
    add: async () => undefined,
    watch: async () => (async function* () {})(),
  }),
});

service({
  contract: stock.only('getStock'),
  // @ts-expect-error the output has the wrong type
  start: () => ({ getStock: async () => ({ left: 'many' }) }),
});

// @ts-expect-error a parameter is missing
void client.getStock({ params: {} }, call);
// @ts-expect-error there is no such refusal
stock.refuse.getStock.Nonsense({});
void client.add({ body: { sku: 'a' } }, call);
