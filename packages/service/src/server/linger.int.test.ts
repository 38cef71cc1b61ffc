import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { lingering } from './linger.ts';

const stated = 2 ** 20;
const head = `POST / HTTP/1.1\r\nHost: here\r\nContent-Length: ${stated}\r\n\r\n`;

/** A server that refuses every body before it has read it, and a client that has begun to send one. */
async function refused() {
  const clock = fakeClock();
  const server = createServer((_request, response) => {
    response.writeHead(413, { connection: 'close', 'content-length': 2 }).end('no');
  });
  lingering(server, clock);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  let heard = '';
  client.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  client.write(head);
  await once(client, 'end');
  assert.match(heard, /^HTTP\/1\.1 413 [\s\S]*no$/);
  return {
    clock,
    client,
    errors,
    heard: () => heard,
    send: (bytes: number) => new Promise((resolve) => client.write(Buffer.alloc(bytes), resolve)),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a client that sends on after it was refused sends all of it and meets no broken connection', async () => {
  await using there = await refused();
  for (let sent = 0; sent < stated; sent += 2 ** 16) await there.send(2 ** 16);
  there.client.end();
  const [broken] = await once(there.client, 'close');
  assert.equal(broken, false);
  assert.deepEqual(there.errors, []);
});

test('a client that sends on for more than two seconds is hung up on', async () => {
  await using there = await refused();
  await there.send(1_000);
  await there.clock.advance(1_999);
  await there.send(1_000);
  assert.equal(there.client.destroyed, false);
  await there.clock.advance(1);
  while (there.errors.length === 0) await there.send(1_000);
  assert.match(String(there.errors[0]), /EPIPE|ECONNRESET/);
});

test('what comes after a body that nobody wanted is not read', async () => {
  await using there = await refused();
  const closed = once(there.client, 'close');
  await there.send(stated);
  there.client.end('GET /next HTTP/1.1\r\nHost: here\r\n\r\n');
  await closed;
  assert.equal(there.heard().split('HTTP/1.1 ').length, 2);
});
