import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { frame } from '../testing/frame.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { rawClient } from '../testing/raw-client.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

const path = '/things/7/events';
const handshake = (fields = '', version = '13') =>
  `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: ${version}\r\n${fields}\r\n`;

/** A client that hangs up when its test is over. */
function opened(port: number): RawClient & Disposable {
  const client = rawClient(port);
  return { ...client, [Symbol.dispose]: () => void client.socket.destroy() };
}

/** A gateway before a service that knows only streams of events. */
async function openWatched(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  options: Partial<GatewayOptions> = {},
) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    answer(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = await openGateway({ exposes: [things], ...options });
  gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  return {
    gateway,
    requests,
    /** What a browser's WebSocket is told until it is closed, and the code. */
    async watch(onMessage: (socket: WebSocket) => void = () => {}) {
      const told: unknown[] = [];
      const { promise, resolve } = Promise.withResolvers<number>();
      const url = `ws://127.0.0.1:${gateway.port}/things/7/events`;
      // region watch
      const socket = new WebSocket(url);
      socket.addEventListener('message', ({ data }) => told.push(JSON.parse(String(data))));
      socket.addEventListener('close', ({ code }) => resolve(code));
      // endregion
      socket.addEventListener('message', () => onMessage(socket));
      return { code: await promise, told };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a stream of events is a WebSocket for whoever asks for one, and events for all others; its end is 1000', async () => {
  await using watched = await openWatched((response) =>
    response.end('data: {"state":"pending"}\n\n:\n\ndata: {"state":"완료"}\n\n'),
  );
  assert.deepEqual(await watched.watch(), { code: 1000, told: [{ state: 'pending' }, { state: '완료' }] });
  const answer = await fetch(watched.gateway.origin + path);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.match(await answer.text(), /^data: \{"state":"pending"\}/);
  const [asked] = watched.requests;
  const names = Object.keys(asked?.headers ?? {});
  assert.deepEqual(
    names.filter((name) => /^sec-websocket|^upgrade|encoding/.test(name)),
    [],
  );
});

test('the code tells what became of the stream: 1011 it broke off, 1001 the gateway goes away', async () => {
  await using broken = await openWatched((response) => {
    response.write('data: 1\n\n');
    setImmediate(() => response.destroy());
  });
  assert.deepEqual(await broken.watch(), { code: 1011, told: [1] });
  await using leaving = await openWatched((response) => void response.write('data: 1\n\n'));
  const { code } = await leaving.watch(() => void leaving.gateway.close(5_000));
  assert.equal(code, 1001);
});

test('a client that leaves is no longer watched for, and one that sends messages is refused with 1003', async () => {
  const gone = Promise.withResolvers<void>();
  await using watched = await openWatched((response) => {
    response.on('close', gone.resolve);
    response.write('data: 1\n\n');
  });
  assert.equal((await watched.watch((socket) => socket.close(1000))).code, 1000);
  await gone.promise;
  assert.equal((await watched.watch((socket) => socket.send('hello'))).code, 1003);
});

test('what is refused before the stream begins is an ordinary answer', async () => {
  await using watched = await openWatched((response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"code":"UnknownThing"}');
  });
  const ask = async (text: string) => {
    using client = opened(watched.gateway.port);
    client.send(text);
    await until('the answer is there', () => client.received().includes('\r\n\r\n'));
    return client.received();
  };
  assert.match(await ask(handshake()), /^HTTP\/1\.1 404 [\s\S]*UnknownThing/);
  const old = await ask(handshake('', '8'));
  assert.match(old, /^HTTP\/1\.1 426 /);
  assert.match(old, /sec-websocket-version: 13\r\n/i);
  assert.match(await ask(handshake().replace('dGhlIHNhbXBsZSBub25jZQ==', 'short')), /^HTTP\/1\.1 400 /);
  assert.equal(watched.requests.length, 1);
});

test('pages of other origins may watch only where `cors` allows it', async () => {
  const stream = (response: ServerResponse) => void response.write('data: 1\n\n');
  const statusOf = async (options: Partial<GatewayOptions>, origin: string, fields = '') => {
    await using watched = await openWatched(stream, options);
    using client = opened(watched.gateway.port);
    client.send(handshake(`Origin: ${origin}\r\n${fields}`));
    await until('the answer is there', () => client.received().includes('\r\n\r\n'));
    return Number(client.received().slice(9, 12));
  };
  const cors = { allowedOrigins: ['https://partner.test'] };
  assert.equal(await statusOf({}, 'http://shop.test'), 101);
  assert.equal(await statusOf({}, 'https://evil.test'), 403);
  assert.equal(await statusOf({ cors }, 'https://partner.test'), 101);
  assert.equal(await statusOf({ cors }, 'https://evil.test'), 403);
  const session = 'Cookie: dure_session=ann\r\n';
  assert.equal(await statusOf({ cors }, 'http://shop.test', session), 101);
  assert.equal(await statusOf({ cors }, 'https://partner.test', session), 403, 'by a session only from this origin');
});

test('a client that does not read holds up its own stream and nobody’s memory, and misses nothing', async () => {
  const line = `data: "${'x'.repeat(10_000)}"\n\n`;
  const most = 2_000;
  let sent = 0;
  await using watched = await openWatched((response) => {
    const more = () => {
      while (sent < most) {
        sent += 1;
        if (!response.write(line)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  using client = opened(watched.gateway.port);
  client.socket.pause();
  client.send(handshake());
  let before = -1;
  let looks = 0;
  await until('nothing moves any more', () => {
    looks = sent > 0 && sent === before ? looks + 1 : 0;
    before = sent;
    return looks === 50;
  });
  assert.ok(sent < most, `${sent} of ${most} were taken`);
  client.socket.resume();
  await until('all of it is there', () => client.received().length > most * 10_000);
  await until('the end is there', () => client.received().endsWith('\x88\x02\x03\xe8'));
});

test('a ping is answered, and comments of the service become pings', async () => {
  await using watched = await openWatched((response) => void response.write(':\n\n'));
  using client = opened(watched.gateway.port);
  client.send(handshake());
  await until('the service’s comment is there', () => client.received().endsWith('\x89\x00'));
  const ping = frame('hi', true);
  ping[0] = 0x89;
  client.send(ping.toString('latin1'));
  await until('the pong is there', () => client.received().endsWith('\x8a\x02hi'));
});
