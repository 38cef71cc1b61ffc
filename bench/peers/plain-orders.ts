// What a team writes by hand: Fastify, pg, jose. The same route, schema and checks as the shop's `order.place`, and the same
// durable writes for each order: key, order, line and outbox row, in one transaction.
import { createHash, randomUUID } from 'node:crypto';
import { jsonSchemaOf } from '@dure/core';
import { order } from '@shop/order/contract';
import fastify from 'fastify';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Pool } from 'pg';

const [databaseUrl = '', jwks = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString: databaseUrl, max: 20 });
await pool.query(`
  create table product (sku text primary key, price bigint not null);
  insert into product values ('paper-hanji', 9000);
  create table idempotency (subject uuid, key text, hash text not null, answer jsonb not null, primary key (subject, key));
  create table orders (
    order_id uuid primary key, customer_id uuid not null, state text not null default 'pending',
    total bigint not null, placed_at timestamptz not null default clock_timestamp()
  );
  create index orders_customer on orders (customer_id, order_id desc);
  create index orders_pending on orders (placed_at) where state = 'pending';
  create table order_line (
    order_id uuid not null references orders, sku text not null, quantity bigint not null, price bigint not null,
    primary key (order_id, sku)
  );
  create table outbox (
    pos bigserial primary key, at timestamptz not null default clock_timestamp(), type text not null, key text not null,
    data jsonb not null
  );
`);

interface Body {
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly payment: { readonly method: string };
  readonly address: unknown;
}

const keys = createLocalJWKSet(JSON.parse(jwks));
const app = fastify({ ajv: { customOptions: { strict: false } } });
const { $schema: _, ...body } = jsonSchemaOf(order.operations.place.spec.body, 'input', 'place') as Record<
  string,
  unknown
>;

app.post<{ Body: Body }>('/orders', { schema: { body } }, async (request, reply) => {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const { payload } = await jwtVerify(token, keys, { audience: 'dure', issuer: 'user' });
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return reply.code(400).send({ code: 'KEY_MISSING' });
  const hash = createHash('sha256').update(JSON.stringify(request.body)).digest('base64');
  return reply.code(202).send(await place(payload.sub ?? '', key, hash, request.body));
});

async function place(
  customerId: string,
  key: string,
  hash: string,
  { lines, payment, address }: Body,
): Promise<unknown> {
  const client = await pool.connect();
  const run = (name: string, text: string, values: readonly unknown[]) =>
    client.query({ name, text, values: [...values] });
  try {
    const skus = lines.map(({ sku }) => sku);
    const { rows: prices } = await run('prices', 'select sku, price from product where sku = any($1)', [skus]);
    const priceOf = new Map(prices.map(({ sku, price }) => [sku, Number(price)]));
    const total = lines.reduce((sum, { sku, quantity }) => sum + (priceOf.get(sku) ?? Number.NaN) * quantity, 0);
    await client.query('begin');
    const known = await run('known', 'select hash, answer from idempotency where subject = $1 and key = $2', [
      customerId,
      key,
    ]);
    if (known.rows[0] !== undefined) {
      await client.query('rollback');
      return known.rows[0].answer;
    }
    const orderId = randomUUID();
    const answer = { orderId, state: 'pending' };
    await run('order', 'insert into orders (order_id, customer_id, total) values ($1, $2, $3)', [
      orderId,
      customerId,
      total,
    ]);
    for (const { sku, quantity } of lines)
      await run('line', 'insert into order_line values ($1, $2, $3, $4)', [orderId, sku, quantity, priceOf.get(sku)]);
    const placed = JSON.stringify({ orderId, customerId, lines, total, payment, address });
    await run('outbox', 'insert into outbox (type, key, data) values ($1, $2, $3)', ['order.placed', orderId, placed]);
    await run('key', 'insert into idempotency values ($1, $2, $3, $4)', [
      customerId,
      key,
      hash,
      JSON.stringify(answer),
    ]);
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
