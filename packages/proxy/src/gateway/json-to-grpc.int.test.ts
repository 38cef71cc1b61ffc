import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import type { Message } from '../testing/grpc-users.ts';
import { usersGateway, usersServer } from '../testing/grpc-users.ts';
import { until } from '../testing/until.ts';

test('a GET becomes a unary call, and its answer JSON with the defaults that the contract promises', async () => {
  await using server = await usersServer({
    GetUser: ({ request }, done) => done(null, { id: request.id, passwordHash: 'x', age: 7 }),
  });
  await using world = await usersGateway([server.port]);
  const { status: code, value, headers } = await world.ask('GET /users/a%20%EA%B0%80?id=other');
  assert.deepEqual([code, value], [200, { id: 'a 가', fullName: '', points: '0', tags: [] }]);
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
  assert.match(headers.get('via') ?? '', /dure/);
  assert.deepEqual((await world.ask('HEAD /users/a')).status, 200);
});
