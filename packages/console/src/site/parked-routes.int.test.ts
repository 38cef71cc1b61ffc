import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { ParkedData, ParkedDetail, ParkedList } from '../parked-contract.ts';
import { runConsole } from '../testing/run-console.ts';

const first = { id: 'm/1', type: 'order.placed' };
const error = { message: 'no such sku' };
const found = { source: 'order', key: 'k 1', state: 'stopped', attempts: 12, since: 1, error, messages: 1, first };
const message = { ...first, version: 1, kind: 'event', at: 1, position: 7, meta: {} };
const posted: unknown[] = [];

/** The management port of a service in which one key is parked, and which lets nobody skip. */
const service = createServer(async (request, response) => {
  assert.equal(request.headers.authorization, 'Bearer service');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const tell = (status: number, body?: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://service');
  if (pathname === '/actuator/deliveries/actions') return tell(200, { actions: [] });
  if (pathname !== '/actuator/deliveries/parked') return tell(404, { status: 404 });
  if (request.method === 'GET') {
    const isThere = (searchParams.get('key') ?? 'k 1') === 'k 1' && (searchParams.get('id') ?? 'm/1') === 'm/1';
    const data = searchParams.get('data') === 'false' ? {} : { data: { sku: 'a', address: '***' } };
    const messages = searchParams.has('key') ? { messages: isThere ? [{ message: { ...message, ...data } }] : [] } : {};
    return tell(200, { parked: isThere ? [found] : [], ...messages });
  }
  const body = JSON.parse(text) as { readonly do: string; readonly key?: string };
  posted.push(body);
  if (body.do === 'skip') return tell(403, { status: 403, detail: 'not by anybody' });
  return body.key === 'k 1' || body.do === 'edit' ? tell(204) : tell(404, { status: 404 });
});
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const managementPort = (service.address() as AddressInfo).port;
const where = { host: '127.0.0.1', port: 1, managementPort, zone: undefined, metadata: {} };
const shared = await runConsole({
  services: ['stock'],
  instances: { stock: [{ id: 'stock:1', service: 'stock', ...where }] },
});
const cookie = await shared.signIn();
after(async () => {
  await shared[Symbol.asyncDispose]();
  service.close();
});

const retry = { do: 'retry', source: 'order', key: 'k 1', by: 'mina', why: 'the sku is there now' };
const own = { ...cookie, origin: shared.base, 'content-type': 'application/json' };

async function order(body: unknown, headers: Readonly<Record<string, string>> = own) {
  const response = await fetch(`${shared.base}/api/parked/stock`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : (JSON.parse(text) as { code?: string; detail?: string })) };
}

test('whoever has a session sees what is parked in all services, one key, and what a message says when that is asked for', async () => {
  const { keys } = await shared.read<ParkedList>('/api/parked', cookie);
  assert.deepEqual(
    keys.map(({ service: name, key, error: { message: text } }) => [name, key, text]),
    [['stock', 'k 1', 'no such sku']],
  );
  const one = await shared.read<ParkedDetail>('/api/parked/stock?source=order&key=k%201', cookie);
  assert.deepEqual([one.state, one.waiting.length], ['stopped', 1]);
  assert.ok(!JSON.stringify(one).includes('sku":'));
  const path = '/api/parked/stock/m%2F1?source=order&key=k%201';
  assert.deepEqual((await shared.read<ParkedData>(path, cookie)).message.data, { sku: 'a', address: '***' });
  assert.equal(await shared.status('/api/parked/stock/m2?source=order&key=k%201', cookie), 404);
  assert.equal(await shared.status('/api/parked/stock?source=order&key=k2', cookie), 404);
  assert.equal(await shared.status('/api/parked/stock?source=order', cookie), 400);
  assert.equal(await shared.status('/api/parked/..%2Fenv?source=order&key=k', cookie), 400);
  for (const asked of ['/api/parked', '/api/parked/stock?source=order&key=k', path])
    assert.equal(await shared.status(asked), 401);
});

test('an action goes to the service with who and why, and what that refuses is told', async () => {
  posted.length = 0;
  assert.deepEqual(await order({ ...retry, by: '  mina ' }), { status: 204 });
  const edit = { do: 'edit', source: 'order', id: 'm/1', data: { sku: 'b' }, by: 'mina', why: 'renamed' };
  assert.deepEqual(await order(edit), { status: 204 });
  assert.deepEqual(posted, [retry, edit]);
  const refused = await order({ ...retry, do: 'skip', id: 'm/1' });
  assert.deepEqual([refused.status, refused.code], [409, 'CONSOLE_ACTION_REFUSED']);
  assert.equal(refused.detail, '"stock" refuses: not by anybody');
  assert.equal((await order({ ...retry, key: 'k2' })).status, 404);
});

test('an action without who or why, or of no known kind, reaches no service', async () => {
  posted.length = 0;
  for (const body of [{ ...retry, by: ' ' }, { ...retry, why: undefined }, { ...retry, do: 'burn' }, '{', ''])
    assert.deepEqual((await order(body)).code, 'CONSOLE_QUERY_INVALID');
  assert.deepEqual(posted, []);
});

test('no page but the console’s own may act, not even one on another port of this machine with the session’s cookie', async () => {
  posted.length = 0;
  const codes = await Promise.all(
    [
      { ...own, origin: 'http://127.0.0.1:1' },
      { ...own, origin: 'null' },
      { ...own, 'content-type': 'text/plain' },
      { ...cookie, 'content-type': 'application/json' },
      { ...shared.asService, origin: shared.base, 'content-type': 'application/json' },
    ].map(async (headers) => (await order(retry, headers)).code),
  );
  assert.deepEqual(codes, [...Array(4).fill('CONSOLE_ORIGIN'), 'CONSOLE_SIGN_IN']);
  assert.deepEqual(posted, []);
});
