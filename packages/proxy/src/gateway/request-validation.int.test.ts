import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { usersGateway, usersServer } from '../testing/grpc-users.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { rawClient } from '../testing/raw-client.ts';
import { readMeter } from '../testing/read-meter.ts';
import { until } from '../testing/until.ts';
import type { Asked, Said } from '../testing/validated-service.ts';
import { lists, validatedService } from '../testing/validated-service.ts';

const json = { 'content-type': 'application/json' };
const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  path,
  headers: { ...json, ...headers },
  body,
});

test('a request that breaks the contract is refused as the service would, and the service is not asked', async () => {
  await using world = await validatedService({ validateRequests: true });
  const cases: readonly (readonly [Asked, string])[] = [
    [{ method: 'GET', path: '/lists?q=a' }, 'SERVICE_INPUT_INVALID'],
    [{ method: 'GET', path: '/lists' }, 'SERVICE_INPUT_INVALID'],
    [{ method: 'GET', path: '/lists/Seven' }, 'SERVICE_INPUT_INVALID'],
    [{ method: 'DELETE', path: '/lists/Seven' }, 'SERVICE_INPUT_INVALID'],
    [{ method: 'DELETE', path: '/lists/seven', headers: json }, 'SERVICE_BODY_MALFORMED'],
    [post('/lists', '{"lines":[{"sku":"","quantity":0}]}'), 'SERVICE_INPUT_INVALID'],
    [post('/lists', '{"lines"'), 'SERVICE_BODY_MALFORMED'],
    [post('/lists', '{"__proto__":{"lines":[]}}'), 'SERVICE_BODY_MALFORMED'],
    [{ method: 'POST', path: '/lists' }, 'SERVICE_INPUT_INVALID'],
    [{ method: 'PUT', path: '/lists/Seven?now=2', headers: json, body: '{}' }, 'SERVICE_INPUT_INVALID'],
    [post('/orders', '{"sku":"a","quantity":1}'), 'SERVICE_IDEMPOTENCY_KEY_MISSING'],
    [
      post('/orders', '{"sku":"a","quantity":1}', { 'idempotency-key': 'k'.repeat(201) }),
      'SERVICE_IDEMPOTENCY_KEY_MISSING',
    ],
    [post('/secrets', '{"pin":"hunter2"}'), 'SERVICE_INPUT_INVALID'],
  ];
  for (const [asked, code] of cases) {
    const { reached, ...said } = await world.byGateway(asked);
    assert.deepEqual(said, await world.direct(asked), JSON.stringify(asked));
    assert.equal(codeOf(said), code, JSON.stringify(asked));
    assert.equal(reached, false, JSON.stringify(asked));
  }
  assert.doesNotMatch(JSON.stringify(world.gateway.telemetry.logs), /hunter2/);
});

test('strangers are told who they are not before they are told what does not fit', async () => {
  await using world = await validatedService({ validateRequests: true });
  assert.equal((await world.byGateway(post('/mine', '{}'))).status, 401);
  const { status, reached } = await world.byGateway(post('/mine', '{}', { authorization: 'Bearer ann' }));
  assert.deepEqual([status, reached], [400, false]);
});

test('bodies that are not JSON, or longer than a service takes, go on as they come and are judged by the service', async () => {
  await using world = await validatedService({ validateRequests: true, limits: { maxBodyBytes: 2 ** 22 } });
  for (const asked of [
    { ...post('/lists', 'a,b'), headers: { 'content-type': 'text/csv' } },
    { ...post('/lists', '{}'), headers: { 'content-type': 'application/json; charset=latin1' } },
    { ...post('/lists', '{}'), headers: { 'content-type': 'text/plain' } },
  ]) {
    const { reached, ...said } = await world.byGateway(asked);
    assert.equal(reached, true);
    assert.deepEqual(said, await world.direct(asked));
  }
  // Its service answers while the body is still coming, and hangs up: what the client is told of it is not of interest here.
  assert.equal((await world.byGateway(post('/lists', `"${'x'.repeat(2 ** 20)}"`))).reached, true);
});

test('a body without a stated length arrives whole, whether it was collected or became too long for that', async () => {
  await using world = await validatedService({ validateRequests: true, limits: { maxBodyBytes: 2 ** 22 } });
  const streamed = (text: string, pieces: number) => {
    const size = Math.ceil(text.length / pieces);
    const body = Readable.from(
      Array.from({ length: pieces }, (_, index) => Buffer.from(text.slice(index * size, (index + 1) * size))),
    );
    const init = { method: 'POST', headers: json, body: Readable.toWeb(body), duplex: 'half' };
    return fetch(`${world.gateway.origin}/lists`, init as RequestInit);
  };
  const fitting = '{"lines":[{"sku":"a","quantity":2}]}';
  const taken = await streamed(fitting, 7);
  assert.deepEqual([taken.status, await taken.json()], [200, { input: { body: JSON.parse(fitting) } }]);
  const refused = await streamed('{"lines":[]}', 3);
  assert.equal(((await refused.json()) as { code: string }).code, 'SERVICE_INPUT_INVALID');
  const tooLong = await streamed(`"${'x'.repeat(2 ** 20 + 50_000)}"`, 9);
  assert.equal(((await tooLong.json()) as { code: string }).code, 'SERVICE_BODY_TOO_LARGE');
});

test('a client that holds its body back is told once to send it, and one that leaves meanwhile leaves nothing behind', async () => {
  await using world = await validatedService({ validateRequests: true });
  const body = '{"lines":[{"sku":"a","quantity":2}]}';
  const head = `POST /lists HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const client = rawClient(world.gateway.port);
  client.send(`${head}Expect: 100-continue\r\n\r\n`);
  await client.hears('100 Continue');
  client.send(body);
  const answer = await client.ended();
  assert.equal(answer.split('100 Continue').length, 2);
  assert.match(answer, /HTTP\/1\.1 200 OK/);
  const leaving = rawClient(world.gateway.port);
  leaving.send(`${head}\r\n{"li`);
  await until('it is under way', () => inFlight(world) === 1);
  leaving.socket.destroy();
  await until('it is forgotten', () => inFlight(world) === 0);
});

test('a body that turns out not to be well-formed is refused once and never sent on', async () => {
  await using world = await validatedService({ validateRequests: true });
  const client = rawClient(world.gateway.port);
  client.send(
    'POST /lists HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"l\r\nzz\r\n',
  );
  const answer = await client.ended();
  assert.match(answer, /GATEWAY_MALFORMED/);
  assert.equal(answer.split('HTTP/1.1 4').length, 2);
  await until('it is forgotten', () => inFlight(world) === 0);
});

test('in the shadow everything is forwarded, and what broke the contract is told by its places with what became of it', async () => {
  await using world = await validatedService({ validateRequests: 'shadow' });
  const told = () => world.gateway.telemetry.logs.filter(({ message }) => message.includes('breaks its contract'));
  assert.equal((await world.byGateway(post('/lists', '{"lines":[{"sku":"a","quantity":1}]}'))).status, 200);
  assert.deepEqual(told(), []);
  const refused = await world.byGateway(post('/secrets', '{"pin":"hunter2"}'));
  assert.deepEqual([refused.status, refused.reached], [400, true]);
  await until('it is told', () => told().length === 1);
  assert.match(told()[0]?.message ?? '', /lists\.secret breaks its contract, and was answered with 400: body\.pin \(/);
  assert.doesNotMatch(JSON.stringify(told()), /hunter2/);
  await world.byGateway({ method: 'GET', path: '/lists?q=a' });
  await world.byGateway({ method: 'GET', path: '/lists?q=b' });
  await until('once a minute for each operation', () => told().length === 2);
  await world.byGateway({ ...post('/lists', 'a'), headers: { 'content-type': 'text/csv' } });
  const counted = readMeter(world.gateway.telemetry, 'dure_gateway_contract_requests');
  assert.deepEqual(counted, {
    'lists.add kept': 1,
    'lists.add unread': 1,
    'lists.find broken': 2,
    'lists.secret broken': 1,
  });
});

test('one operation can be told apart from the others, and one that there is not does not start', async () => {
  await using world = await validatedService({
    validateRequests: { '*': true, 'lists.find': 'shadow', 'lists.read': false },
  });
  assert.equal((await world.byGateway({ method: 'GET', path: '/lists?q=a' })).reached, true);
  assert.equal((await world.byGateway({ method: 'GET', path: '/lists/Seven' })).reached, true);
  assert.equal((await world.byGateway({ method: 'DELETE', path: '/lists/Seven' })).reached, false);
  await assert.rejects(openGateway({ exposes: [lists], validateRequests: { 'lists.fnd': true } }), {
    code: 'GATEWAY_ROUTE_INVALID',
    message: /`validateRequests` names "lists.fnd", which is no operation here; there are lists.find, /,
  });
});

test('what is carried out by gRPC is held against its contract by that, and once', async () => {
  const asked: unknown[] = [];
  await using server = await usersServer({
    GetUser: ({ request: { id } }, done) => {
      asked.push(id);
      done(null, { id });
    },
  });
  await using world = await usersGateway([server.port], { validateRequests: true });
  await world.ask('GET /users/a');
  await until('it has reached the server', () => asked.includes('a'));
  assert.deepEqual(readMeter(world.gateway.telemetry, 'dure_gateway_contract_requests'), {});
});

const word = fc.constantFrom('a', 'ab', 'seven', 'Seven', '7', '', '%25', 'a%25', '%C3%A9', 'a+b', 'x'.repeat(101));
const query = fc
  .array(fc.tuple(fc.constantFrom('q', 'page', 'now', '__proto__', 'q%20', 'é'), word), { maxLength: 3 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
const line = fc.record(
  { sku: fc.constantFrom('a', '', 7, null), quantity: fc.constantFrom(1, 0, 1.5, '1', null) },
  { requiredKeys: [] },
);
const text = fc.oneof(
  fc.constant('{"sku":"a","quantity":1}'),
  line.map((value) => JSON.stringify(value)),
  fc.array(line, { maxLength: 2 }).map((lines) => JSON.stringify({ lines })),
  fc.constantFrom(
    '',
    ' ',
    '{',
    'null',
    '"a"',
    '\uFEFF{"sku":"a","quantity":1}',
    '{"sku":"a","quantity":1,"constructor":{"prototype":1}}',
  ),
  fc.json(),
);
const anything: fc.Arbitrary<Asked> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
    path: fc.oneof(
      fc.constant('/orders'),
      fc.constantFrom('/lists', '/orders', '/secrets'),
      word.filter((one) => one !== '').map((id) => `/lists/${id}`),
    ),
    query,
    key: fc.constantFrom(undefined, 'k', ''),
    body: fc.option(text, { nil: undefined }),
    type: fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'text/csv',
      undefined,
    ),
  })
  .map(({ method, path, query: search, key, body, type }) => {
    const mayHaveBody = method !== 'GET' && method !== 'HEAD';
    return {
      method,
      path: search === '' ? path : `${path}?${search}`,
      headers: {
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(mayHaveBody && body !== undefined ? { body } : {}),
    };
  });

const keyless = fc.constant(post('/orders', '{"sku":"a","quantity":1}'));
const asked = fc.oneof({ weight: 1, arbitrary: keyless }, { weight: 12, arbitrary: anything });

test('whatever the service refuses for its input the gateway refuses in the same words, and nothing else', async () => {
  await using world = await validatedService({ validateRequests: true });
  const ofInput = ['SERVICE_INPUT_INVALID', 'SERVICE_BODY_MALFORMED', 'SERVICE_IDEMPOTENCY_KEY_MISSING'];
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(asked, async (one) => {
      const direct = await world.direct(one);
      const { reached, ...said } = await world.byGateway(one);
      if (codeOf(said) === 'GATEWAY_METHOD_NOT_ALLOWED') return; // what is no route is the gateway's own business
      const code = codeOf(direct);
      assert.deepEqual(said, direct);
      const isJson = /^application\/json/i.test(one.headers?.['content-type'] ?? '') || one.body === undefined;
      if (isJson && direct.body !== undefined) assert.equal(reached, !ofInput.includes(code), code);
      seen.set(`${code} ${reached}`, (seen.get(`${code} ${reached}`) ?? 0) + 1);
    }),
    { numRuns: 600 },
  );
  for (const code of ofInput) assert.ok((seen.get(`${code} false`) ?? 0) > 5, `${code} hardly came up: ${[...seen]}`);
  assert.ok((seen.get(' true') ?? 0) > 5, `hardly anything fits: ${[...seen]}`);
});

function codeOf({ body }: Said): string {
  return ((body ?? {}) as { readonly code?: string }).code ?? '';
}

function inFlight({ gateway }: { readonly gateway: { readonly telemetry: Parameters<typeof readMeter>[0] } }): number {
  return readMeter(gateway.telemetry, 'dure_gateway_in_flight')[''] ?? 0;
}
