import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, get } from '@dure/service/contract';
import { Metadata, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { cacheLayer } from '../cache/index.ts';
import { named } from '../routing/named-layer.ts';
import type { Message } from '../testing/grpc-users.ts';
import { users, usersGateway, usersProto, usersServer } from '../testing/grpc-users.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { until } from '../testing/until.ts';
import type { MirrorEvent } from '../traffic/index.ts';
import { mirror } from '../traffic/index.ts';

test('a GET becomes a unary call, and its answer JSON with the defaults that the contract promises', async () => {
  await using server = await usersServer({
    GetUser: ({ request }, done) => done(null, { id: request.id, passwordHash: 'x', age: 7 }),
  });
  await using world = await usersGateway([server.port]);
  const { status: code, value, headers } = await world.ask('GET /users/a%20%EA%B0%80?id=other');
  assert.deepEqual([code, value], [200, { id: 'a 가', fullName: '', points: '0', tags: [] }]);
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.match(headers.get('via') ?? '', /dure/);
  const head = await world.ask('HEAD /users/a');
  assert.deepEqual([head.status, head.value], [200, undefined]);
});

test('a body becomes the message or a field of it, and what no contract declares goes neither way', async () => {
  const heard: Message[] = [];
  await using server = await usersServer({
    CreateUser: ({ request }, done) => {
      heard.push(request);
      done(null, { ...request, passwordHash: 'secret' });
    },
    UpdateUser: ({ request }, done) => {
      heard.push(request);
      done(null, { id: request.id });
    },
  });
  await using world = await usersGateway([server.port]);
  const created = await world.ask('POST /users', { id: 'ann', fullName: 'Ann', points: '9007199254740993', age: 0 });
  assert.deepEqual([created.status, created.value], [201, { id: 'ann', fullName: 'Ann', age: 0 }]);
  const updated = await world.ask('PATCH /users/ann?updateMask=tags&id=bob', { tags: ['a'] });
  assert.deepEqual([updated.status, updated.value], [200, { id: 'ann', fullName: '' }]);
  assert.deepEqual(heard, [
    { id: 'ann', fullName: 'Ann', points: '9007199254740993', age: 0 },
    { id: 'ann', user: { tags: ['a'] }, updateMask: { paths: ['tags'] } },
  ]);
});

test('a query fills the message, and an operation without an output answers 204 to whom its access lets in', async () => {
  await using server = await usersServer({
    Search: ({ request }, done) => done(null, { users: [{ id: JSON.stringify(request) }], total: 1 }),
    DeleteUser: (_, done) => done(null, {}),
  });
  await using world = await usersGateway([server.port]);
  const found = await world.ask('GET /users?text=a&filter.active=true&tags=x&tags=y');
  const asked = { text: 'a', filter: { active: true }, tags: ['x', 'y'] };
  assert.deepEqual(JSON.parse(found.value.users[0].id), asked);
  assert.equal((await world.ask('DELETE /users/ann')).status, 401);
  assert.equal((await world.ask('DELETE /users/ann', undefined, { authorization: 'Bearer ann' })).status, 403);
  const removed = await world.ask('DELETE /users/ann', undefined, { authorization: 'Bearer ann+admin' });
  assert.deepEqual([removed.status, removed.value], [204, undefined]);
});

test('header fields become metadata and leading metadata header fields, with trace, caller and deadline', async () => {
  let heard = new Metadata();
  await using server = await usersServer({
    GetUser: (call, done) => {
      heard = call.metadata;
      const leading = new Metadata();
      leading.set('x-shop', 'blue');
      leading.set('x-secret-bin', Buffer.from([1]));
      call.sendMetadata(leading);
      const trailing = new Metadata();
      trailing.set('x-late', '1');
      done(null, {}, trailing);
    },
  });
  await using world = await usersGateway([server.port]);
  const { headers } = await world.ask('GET /users/ann', undefined, {
    authorization: 'Bearer ann',
    'x-tenant': 'red',
    'grpc-timeout': '1n',
    'x-forwarded-for': '6.6.6.6',
  });
  assert.deepEqual(heard.get('x-tenant'), ['red']);
  assert.deepEqual(heard.get('x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(heard.get('authorization'), ['Bearer users for ann']);
  assert.match(String(heard.get('traceparent')), /^00-/);
  assert.deepEqual(heard.get('accept'), []);
  assert.deepEqual(
    ['x-shop', 'x-secret-bin', 'x-late'].map((name) => headers.get(name)),
    ['blue', null, null],
  );
});

test('a status of gRPC is a problem: the service’s words for what the client did, none for what is inside', async () => {
  await using server = await usersServer({
    GetUser: ({ request }, done) => done({ code: Number(request.id), details: 'no stock — 없음' }),
  });
  await using world = await usersGateway([server.port], { breaker: 'off' });
  const problem = async (code: number) => {
    const { status: sent, value } = await world.ask(`GET /users/${code}`);
    return [sent, value.code, value.detail];
  };
  assert.deepEqual(await problem(status.NOT_FOUND), [404, 'GRPC_NOT_FOUND', 'no stock — 없음']);
  assert.deepEqual(await problem(status.FAILED_PRECONDITION), [400, 'GRPC_FAILED_PRECONDITION', 'no stock — 없음']);
  assert.deepEqual(await problem(status.INTERNAL), [500, 'SERVICE_INTERNAL', 'the operation failed']);
  assert.deepEqual((await problem(status.UNAVAILABLE)).slice(0, 2), [503, 'GRPC_UNAVAILABLE']);
  assert.match(world.gateway.telemetry.lines.join('\n'), /users\.getUser failed with status 13 of gRPC: no stock/);
  assert.doesNotMatch(world.gateway.telemetry.lines.join('\n'), /status 5 of gRPC/);
  assert.deepEqual((await world.ask('GET /users')).status, 501, 'a method that the server does not have');
});

test('a service that takes too long is told so, and the client hears 504', async () => {
  let cancelled = 0;
  await using server = await usersServer({ GetUser: (call) => void call.on('cancelled', () => (cancelled += 1)) });
  await using world = await usersGateway([server.port]);
  const late = await world.ask('GET /users/ann');
  assert.equal(late.status, 504);
  assert.match(late.value.code, /^(?:GATEWAY_UPSTREAM_TIMEOUT|GRPC_DEADLINE_EXCEEDED)$/);
  await until('the service is told', () => cancelled === 1);
});

const asked: readonly (readonly [string, string, unknown, Readonly<Record<string, string>>, number, string])[] = [
  ['a field that no message has', 'POST /users', { nickname: 'x' }, {}, 400, 'GRPC_MESSAGE_INVALID'],
  ['a value of the wrong type', 'POST /users', { age: 'x' }, {}, 400, 'GRPC_MESSAGE_INVALID'],
  ['a body that the contract does not take', 'POST /users', [], {}, 400, 'SERVICE_INPUT_INVALID'],
  ['no body where one is declared', 'POST /users', undefined, {}, 400, 'SERVICE_INPUT_INVALID'],
  ['another media type', 'POST /users', {}, { 'content-type': 'text/plain' }, 415, 'SERVICE_MEDIA_TYPE'],
  ['a content coding', 'POST /users', {}, { 'content-encoding': 'gzip' }, 415, 'SERVICE_MEDIA_TYPE'],
  ['a body that is too large', 'POST /users', { fullName: 'x'.repeat(2_000) }, {}, 413, 'GATEWAY_BODY_TOO_LARGE'],
  ['a parameter of no field', 'GET /users?utm=1', undefined, {}, 400, 'GRPC_MESSAGE_INVALID'],
  ['no key', 'POST /orders', {}, { authorization: 'Bearer ann' }, 400, 'SERVICE_IDEMPOTENCY_KEY_MISSING'],
];
test('what cannot become a message is refused before anything is sent', async () => {
  await using server = await usersServer({ CreateUser: () => assert.fail('it was sent') });
  await using world = await usersGateway([server.port], { limits: { maxBodyBytes: 1_000 } });
  for (const [name, line, body, headers, expected, code] of asked) {
    const { status: sent, value } = await world.ask(line, body, headers);
    assert.deepEqual([sent, value.code], [expected, code], name);
  }
  const post = (body: BodyInit) =>
    fetch(`${world.gateway.origin}/users`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  for (const text of ['{', '{"a":}', '\u0000']) {
    const answer = await post(text);
    assert.deepEqual([answer.status, (await answer.json()).code], [400, 'GRPC_MESSAGE_INVALID'], text);
  }
  const latin = await post(new Uint8Array([0x22, 0xe9, 0x22]));
  assert.deepEqual([latin.status, (await latin.json()).code], [400, 'GRPC_MESSAGE_INVALID']);
});

test('an instance that cannot be reached is passed over, and a breaker opens for one that always fails', async () => {
  await using server = await usersServer({
    GetUser: ({ request }, done) => (request.id === 'bad' ? done({ code: status.INTERNAL }) : done(null, {})),
  });
  await using world = await usersGateway([1, server.port], { breaker: { minimumCalls: 10 } });
  for (let call = 0; call < 10; call += 1) assert.equal((await world.ask('GET /users/ann')).status, 200);
  const seen = new Set<string>();
  for (let call = 0; call < 40; call += 1) seen.add((await world.ask('GET /users/bad')).value.code);
  assert.ok(seen.has('GATEWAY_BREAKER_OPEN'), [...seen].join());
  world.gateway.instances.set('users', []);
  assert.equal((await world.ask('GET /users/ann')).value.code, 'GATEWAY_NO_INSTANCE');
});

test('the cache and OpenAPI see an operation like any other, and mirrors pass it over', async () => {
  let calls = 0;
  const mirrored: string[] = [];
  const observe = (event: MirrorEvent) => mirrored.push(event.kind === 'skipped' ? event.reason : event.kind);
  await using server = await usersServer({
    GetUser: (call, done) => {
      calls += 1;
      const leading = new Metadata();
      leading.set('cache-control', 'public, max-age=60');
      call.sendMetadata(leading);
      done(null, { id: call.request.id });
    },
  });
  const layers = {
    'users.getUser': [named('Cache', cacheLayer()), named('Mirror', mirror({ version: '2', observe }))],
  };
  await using world = await usersGateway([server.port], { layers });
  const first = await world.ask('GET /users/ann');
  const second = await world.ask('GET /users/ann');
  const other = await world.ask('GET /users/bob');
  assert.deepEqual([first.value.id, second.value.id, other.value.id], ['ann', 'ann', 'bob']);
  assert.match(second.headers.get('cache-status') ?? '', /hit/);
  assert.equal(calls, 2);
  await until('the copies are decided about', () => mirrored.length === 2);
  assert.deepEqual(mirrored, ['grpc', 'grpc']);
  const document = (await world.ask('GET /openapi.json')).value;
  assert.deepEqual(Object.keys(document.paths['/users/{id}']), ['get', 'patch', 'delete']);
  assert.equal(JSON.stringify(document).includes('proto'), false);
});

test('a method that does not fit its operation stops the start', async () => {
  const grpc = { service: 'shop.v1.Users', method: 'Gone', ...usersProto };
  const wrong = contract('users', { read: get('/users', { output: z.object({}), access: 'public', grpc }) });
  await assert.rejects(openGateway({ exposes: [wrong] }), /users\.read cannot be called by gRPC/);
  const signIn = { issuer: users, signIn: 'createUser' };
  await assert.rejects(openGateway({ exposes: [users], session: signIn }), /without `grpc`/);
});
