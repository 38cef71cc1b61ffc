import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { usersGateway, usersServer } from '../testing/grpc-users.ts';
import { until } from '../testing/until.ts';

const follow = (gateway: { readonly origin: string }, signal?: AbortSignal) =>
  fetch(`${gateway.origin}/users/ann/events`, signal === undefined ? {} : { signal });

test('what a method streams are events, with what the contract declares of each', async () => {
  await using server = await usersServer({
    Watch: (call) => {
      for (const points of ['1', '9007199254740993']) call.write({ id: call.request.id, points, passwordHash: 'x' });
      call.end();
    },
  });
  await using world = await usersGateway([server.port]);
  const answer = await follow(world.gateway);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(
    await answer.text(),
    'data: {"id":"ann","points":"1"}\n\ndata: {"id":"ann","points":"9007199254740993"}\n\n',
  );
});

test('an event reaches the client when it comes, and a client that leaves ends the call', async () => {
  let cancelled = 0;
  await using server = await usersServer({
    Watch: (call) => {
      call.write({ id: 'first' });
      call.on('cancelled', () => (cancelled += 1));
    },
  });
  await using world = await usersGateway([server.port]);
  const leaving = new AbortController();
  const answer = await follow(world.gateway, leaving.signal);
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  assert.match(Buffer.from(first?.value ?? []).toString(), /^data: \{"id":"first"/);
  leaving.abort();
  await until('the service is told', () => cancelled === 1);
});

test('a stream that fails before it begins has a status, one that ends empty is an empty stream', async () => {
  await using server = await usersServer({
    Watch: (call) => {
      if (call.request.id !== 'ann') call.end();
      else call.emit('error', { code: status.NOT_FOUND, details: 'no such user' });
    },
  });
  await using world = await usersGateway([server.port]);
  const failed = await follow(world.gateway);
  const { code, detail } = (await failed.json()) as { code: string; detail: string };
  assert.deepEqual([failed.status, code, detail], [404, 'GRPC_NOT_FOUND', 'no such user']);
  const empty = await fetch(`${world.gateway.origin}/users/bob/events`);
  assert.deepEqual([empty.status, await empty.text()], [200, '']);
  const head = await fetch(`${world.gateway.origin}/users/bob/events`, { method: 'HEAD' });
  assert.equal(head.status, 200);
});

test('a stream that fails midway breaks off, and the log says why', async () => {
  await using server = await usersServer({
    Watch: (call) => {
      call.write({ id: 'first' });
      call.emit('error', { code: status.DATA_LOSS, details: 'the disk is gone' });
    },
  });
  await using world = await usersGateway([server.port]);
  const answer = await follow(world.gateway);
  await assert.rejects(answer.text());
  assert.match(
    world.gateway.telemetry.lines.join('\n'),
    /users\.watch failed with status 15 of gRPC: the disk is gone/,
  );
});

test('a service may be silent longer than its timeout once it has begun, and has to begin within it', async () => {
  await using server = await usersServer({
    Watch: (call) => {
      if (call.request.id === 'ann') call.sendMetadata(new Metadata());
    },
  });
  await using world = await usersGateway([server.port]);
  const answer = await follow(world.gateway);
  assert.equal(answer.status, 200);
  const late = await fetch(`${world.gateway.origin}/users/bob/events`);
  assert.equal(late.status, 504);
  const reading = answer.body?.getReader().read();
  assert.equal(await Promise.race([reading, new Promise((resolve) => setImmediate(resolve, 'open'))]), 'open');
});

test('a client that does not read holds the service up', async () => {
  let written = 0;
  await using server = await usersServer({
    Watch: (call) => {
      const write = () => {
        while (written < 2_000) {
          written += 1;
          if (!call.write({ id: String(written).padEnd(20_000, '.') })) {
            call.once('drain', write);
            return;
          }
        }
        call.end();
      };
      write();
    },
  });
  await using world = await usersGateway([server.port]);
  const answer = await follow(world.gateway);
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(written < 1_000, `${written} events were taken from the service`);
  let bytes = 0;
  for await (const piece of answer.body ?? []) bytes += piece.length;
  assert.ok(bytes > 2_000 * 20_000);
  assert.equal(written, 2_000);
});

test('a gateway that closes ends a stream as complete, so that its client comes again', async () => {
  await using server = await usersServer({ Watch: (call) => void call.write({ id: 'first' }) });
  await using world = await usersGateway([server.port]);
  const answer = await follow(world.gateway);
  const text = answer.text();
  await world.gateway.close(1_000);
  assert.match(await text, /^data: \{"id":"first"/);
});

test('the same stream is a WebSocket for whom asks for one', async () => {
  await using server = await usersServer({
    Watch: (call) => {
      call.write({ id: 'first' });
      call.end();
    },
  });
  await using world = await usersGateway([server.port]);
  const socket = new WebSocket(`ws://127.0.0.1:${world.gateway.port}/users/ann/events`);
  const closed = once(socket, 'close');
  const [event] = await once(socket, 'message');
  assert.deepEqual(JSON.parse((event as MessageEvent<string>).data), { id: 'first', points: '0' });
  assert.equal((await closed)[0].code, 1000);
});
