import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { SagaDetail, SagaList } from '../saga-contract.ts';
import { runConsole } from '../testing/run-console.ts';

const id = '01930000-0000-7000-8000-000000000001';
const found = { id, saga: 'book', version: 1, key: 'k', state: 'needs-operator', startedAt: 1, problem: 'no answer' };
const posted: unknown[] = [];

/** The management port of a service with one saga, which takes no `undo`. */
const service = createServer(async (request, response) => {
  assert.equal(request.headers.authorization, 'Bearer service');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const tell = (status: number, body?: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
  if (request.url?.startsWith('/actuator/sagas?') === true) return tell(200, { sagas: [found] });
  if (request.url !== `/actuator/sagas/${id}`) return tell(404, { status: 404, detail: 'unknown' });
  if (request.method === 'GET') return tell(200, { ...found, input: {}, steps: [], plan: [], history: [] });
  const body = JSON.parse(text) as { readonly action: string };
  posted.push(body);
  return body.action === 'undo' ? tell(409, { status: 409, detail: 'its pivot has been sent' }) : tell(204);
});
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const managementPort = (service.address() as AddressInfo).port;
const where = { host: '127.0.0.1', port: 1, managementPort, zone: undefined, metadata: {} };
const shared = await runConsole({
  services: ['order'],
  instances: { order: [{ id: 'order:1', service: 'order', ...where }] },
});
const cookie = await shared.signIn();
after(async () => {
  await shared[Symbol.asyncDispose]();
  service.close();
});

const retry = { action: 'retry', by: 'mina', why: 'the bank is back' };
const own = { ...cookie, origin: shared.base, 'content-type': 'application/json' };

async function order(body: unknown, headers: Readonly<Record<string, string>> = own, of = id) {
  const response = await fetch(`${shared.base}/api/sagas/order/${of}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : (JSON.parse(text) as { code?: string; detail?: string })) };
}

test('whoever has a session sees the sagas of all services, and one of them', async () => {
  const list = await shared.read<SagaList>('/api/sagas', cookie);
  assert.deepEqual(
    list.sagas.map(({ service: name, problem }) => [name, problem]),
    [['order', 'no answer']],
  );
  assert.equal((await shared.read<SagaDetail>(`/api/sagas/order/${id}`, cookie)).key, 'k');
  assert.equal(await shared.status(`/api/sagas/order/${id.replace(/1$/, '2')}`, cookie), 404);
  assert.equal(await shared.status('/api/sagas/order/..%2Fenv', cookie), 400);
  assert.equal(await shared.status('/api/sagas'), 401);
});

test('an action goes to the service with who and why, and what that refuses is told', async () => {
  posted.length = 0;
  assert.deepEqual(await order({ ...retry, by: '  mina ' }), { status: 204 });
  assert.deepEqual(posted, [retry]);
  const refused = await order({ ...retry, action: 'undo' });
  assert.deepEqual([refused.status, refused.code], [409, 'CONSOLE_ACTION_REFUSED']);
  assert.equal(refused.detail, '"order" refuses: its pivot has been sent');
  assert.equal((await order(retry, own, id.replace(/1$/, '2'))).status, 404);
});

test('an action without who or why, or of no known kind, reaches no service', async () => {
  posted.length = 0;
  for (const body of [{ ...retry, by: ' ' }, { ...retry, why: undefined }, { ...retry, action: 'explode' }, '{', ''])
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
