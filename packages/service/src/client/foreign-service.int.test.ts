import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import { codeOf, isRefusal, seededRandom, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { bookshop } from '../contract/golden/bookshop.ts';
import { mockClient } from '../testing/mock-client.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';
import { withBaseUrls } from './with-base-urls.ts';

const id = '7b1f8a52-5e1d-4c6b-9f0a-0a3f5c1d2e3f';
const book = { id, title: 'Pachinko', price: { amount: 1_500, currency: 'KRW' }, state: { kind: 'in-stock', left: 1 } };

/** A service that has never heard of us, and its clients. */
async function withBookshop() {
  const requests: IncomingMessage[] = [];
  let failures = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    const { method = '', url = '' } = request;
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (method === 'PUT') return void request.resume().on('end', () => response.writeHead(204).end());
    if (url.endsWith('/cover')) return void response.writeHead(200, { 'content-type': 'image/png' }).end('png');
    if (url.startsWith('/api/v2/books?')) return json(200, { items: [book], next: null });
    if (url === `/api/v2/books/${id}`) {
      failures += 1;
      return failures % 2 === 1 ? json(503, { oops: true }) : json(200, book);
    }
    if (method === 'POST') return json(409, { title: 'there is one', detail: 'of that title' });
    return json(url.includes('nonsense') ? 404 : 404, url.includes('nonsense') ? ['no'] : { title: 'no such book' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const contract = bookshop
    .at(`http://127.0.0.1:${port}/api/v2`)
    .with({}, { headers: ({ operation }) => ({ 'x-api-key': 'k', 'x-tenant': operation.name }) });
  const random = seededRandom(1);
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry: silentTelemetry(testIds()),
    balancer: balancer({ instances: withBaseUrls(staticInstances({}), [contract]), clock: systemClock, random }),
  });
  const transport = httpTransport({
    clock: systemClock,
    signer: {
      authorize: async () => {
        throw new TypeError('no token of ours is for a foreign service');
      },
    },
  });
  return {
    requests,
    client: httpClient(contract, layers, transport),
    async [Symbol.asyncDispose]() {
      await transport.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a foreign service is called below its base URL, with its own credentials and nothing of ours but the trace', async () => {
  await using world = await withBookshop();
  const call = testCall({ deadline: systemClock.now() + 5_000, baggage: { user: 'kim' }, idempotencyKey: 'once' });
  const page = await world.client.listBooks({ query: { tag: ['a', 'b'], 'max-price': 3 } }, call);
  assert.deepEqual(page.items[0]?.price, { amount: 1_500, currency: 'KRW' });
  const { url, headers } = world.requests[0] ?? assert.fail();
  assert.equal(url, '/api/v2/books?tag=a&tag=b&max-price=3');
  assert.deepEqual([headers['x-api-key'], headers['x-tenant'], headers['idempotency-key']], ['k', 'listBooks', 'once']);
  assert.deepEqual(
    Object.keys(headers).filter((name) => /^(dure-|baggage|authorization)/.test(name)),
    [],
  );
  assert.match(String(headers.traceparent), /^00-/);
});

test('what a foreign service declares to refuse is a refusal by its status; anything else is an error', async () => {
  await using world = await withBookshop();
  const body = { title: 'Pachinko', price: { amount: 1, currency: 'KRW' as const } };
  assert.deepEqual(await world.client.addBook.attempt({ body }, testCall()), {
    ok: false,
    refusal: { code: 'Conflict', data: { title: 'there is one', detail: 'of that title' } },
  });
  await assert.rejects(
    world.client.getBook({ params: { bookId: 'x' } }, testCall()),
    (error) => isRefusal(error) && error.code === 'NotFound' && error.status === 404,
  );
  await assert.rejects(
    world.client.getBook({ params: { bookId: 'nonsense' } }, testCall()),
    (error) => codeOf(error) === 'SERVICE_REMOTE' && /answered 404/.test(String(error)),
  );
});

test('reads of a foreign service are tried again, files flow', async () => {
  await using world = await withBookshop();
  assert.equal((await world.client.getBook({ params: { bookId: id } }, testCall())).title, 'Pachinko');
  assert.equal(world.requests.length, 2);
  await world.client.putCover({ params: { bookId: id }, body: new Uint8Array(3) }, testCall());
  const cover = await world.client.getCover({ params: { bookId: id } }, testCall());
  assert.deepEqual([cover.type, Buffer.concat(await Array.fromAsync(cover)).toString()], ['image/png', 'png']);
});

test('a foreign service can be mocked by its contract', async () => {
  const client = mockClient(bookshop, {
    getBook: ({ params }) => {
      throw bookshop.refuse.getBook.NotFound({ title: params.bookId });
    },
  });
  const answer = await client.getBook.attempt({ params: { bookId: id } }, testCall());
  assert.deepEqual(answer, { ok: false, refusal: { code: 'NotFound', data: { title: id } } });
});
