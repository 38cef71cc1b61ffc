import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { frame } from '../testing/frame.ts';
import { openGateway } from '../testing/open-gateway.ts';
import type { ProxyParts } from '../testing/open-proxy.ts';
import { localInstance } from '../testing/open-proxy.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { rawClient } from '../testing/raw-client.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

const webSockets = [things.only('followThing', 'listMine')];
const handshake = (path = '/things/7/events', fields = '') =>
  `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${fields}\r\n`;
const accept = (key: string) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

interface World extends AsyncDisposable {
  readonly gateway: Awaited<ReturnType<typeof openGateway>>;
  readonly requests: IncomingMessage[];
  readonly sockets: Socket[];
}

/** A gateway before an instance that agrees to every handshake and hands its end of the connection to the test. */
async function worldOf(
  onSocket: (socket: Socket) => void,
  options: Partial<GatewayOptions> = {},
  parts: ProxyParts = {},
): Promise<World> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = createServer((_, response) => response.end('an ordinary answer'));
  server.on('upgrade', (request, stream, early) => {
    const socket = stream as Socket;
    requests.push(request);
    sockets.push(socket);
    socket.on('error', () => {});
    const key = accept(String(request.headers['sec-websocket-key']));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    if (early.length > 0) socket.unshift(early);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await openGateway({ exposes: [things], webSockets, ...options }, parts);
  gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  return {
    gateway,
    requests,
    sockets,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const echo = (socket: Socket) => void socket.pipe(socket);
const statusOf = (client: RawClient) => Number(client.received().slice(9, 12));
const textOf = (bytes: Buffer) => bytes.toString('latin1');

test('a program speaks WebSocket with a service through the gateway', async () => {
  await using world = await worldOf((socket) => void socket.write(frame('welcome')));
  const socket = new WebSocket(`ws://127.0.0.1:${world.gateway.port}/things/7/events`);
  const heard = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = reject;
  });
  assert.equal(heard, 'welcome');
  const [request] = world.requests;
  assert.equal(request?.headers['sec-websocket-version'], '13');
  assert.equal(request?.headers['x-forwarded-for'], '127.0.0.1');
  assert.match(String(request?.headers.traceparent), /^00-/);
  const closed = new Promise((resolve) => {
    socket.onclose = resolve;
  });
  socket.close();
  world.sockets[0]?.end();
  await closed;
});

test('what is sent through a WebSocket arrives unchanged both ways, however much it is', async () => {
  await using world = await worldOf(echo);
  const client = rawClient(world.gateway.port);
  const random = seededRandom(7);
  const [sent, back] = [createHash('sha256'), createHash('sha256')];
  const head = await new Promise<string>((resolve) => {
    client.send(handshake());
    client.socket.once('data', (bytes: Buffer) => resolve(textOf(bytes)));
  });
  assert.match(head, /^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s);
  let left = 0;
  client.socket.on('data', (bytes: Buffer) => {
    back.update(bytes);
    left -= bytes.length;
  });
  for (let turn = 0; turn < 300; turn += 1) {
    const length = Math.floor(random.next() * (turn % 50 === 0 ? 1_000_000 : 5_000));
    const one = frame(Buffer.alloc(length, turn), true);
    sent.update(one);
    left += one.length;
    if (!client.socket.write(one)) await new Promise((resolve) => client.socket.once('drain', resolve));
  }
  await until('everything has come back', () => left === 0);
  client.socket.destroy();
  assert.equal(back.digest('hex'), sent.digest('hex'));
});

test('a side that takes nothing stops the other', async () => {
  await using world = await worldOf(() => {});
  const client = rawClient(world.gateway.port);
  client.send(handshake());
  await client.hears('101');
  await until('the instance has its connection', () => world.sockets.length === 1);
  const [socket] = world.sockets;
  client.socket.pause();
  const piece = Buffer.alloc(1_000_000);
  let written = 0;
  while (written < 100 && socket?.write(frame(piece)) !== false) written += 1;
  let flowing = 0;
  socket?.on('drain', () => {
    flowing += 1;
    if (flowing < 100) socket.write(frame(piece));
  });
  await until('the instance is held up', () => (socket?.writableLength ?? 0) > 0);
  client.socket.resume();
  await until('it goes on', () => flowing > 0);
  client.socket.pause();
  assert.ok(flowing < 100, 'a hundred megabytes went somewhere');
});

test('bytes behind the request, before the answer, are not lost', async () => {
  await using world = await worldOf(echo);
  const client = rawClient(world.gateway.port);
  const early = textOf(frame('early', true));
  client.send(handshake() + early);
  await client.hears(early);
});

test('an operation that is no WebSocket answers as ever', async () => {
  await using world = await worldOf(echo);
  const client = rawClient(world.gateway.port);
  client.send(handshake('/things/7'));
  assert.match(await client.ended(), /^HTTP\/1\.1 200 .*an ordinary answer/s);
});

test('a handshake behind a request that is still being answered is an ordinary request', async () => {
  await using world = await worldOf(echo);
  const client = rawClient(world.gateway.port);
  client.send(`GET /things/7 HTTP/1.1\r\nHost: shop.test\r\n\r\n${handshake()}`);
  await until('both are answered', () => client.received().split('an ordinary answer').length === 3);
  assert.equal(world.requests.length, 0);
});

test('access is decided before the handshake, and a page of another site cannot use the cookie', async () => {
  await using world = await worldOf(echo);
  const ask = async (fields: string) => {
    const client = rawClient(world.gateway.port);
    client.send(handshake('/mine', fields));
    await client.hears('\r\n\r\n');
    client.socket.destroy();
    return `${statusOf(client)} ${/GATEWAY_\w+|SERVICE_\w+/.exec(client.received())?.[0] ?? ''}`;
  };
  assert.equal(await ask(''), '401 SERVICE_TOKEN_MISSING');
  assert.equal(await ask('Authorization: Bearer ann\r\n'), '101 ');
  assert.equal(await ask('Cookie: dure_session=ann\r\nOrigin: https://evil.test\r\n'), '403 GATEWAY_CROSS_SITE');
  assert.equal(await ask('Cookie: dure_session=ann\r\nSec-Fetch-Site: cross-site\r\n'), '403 GATEWAY_CROSS_SITE');
  assert.equal(await ask('Cookie: dure_session=ann\r\nOrigin: http://shop.test\r\n'), '101 ');
  assert.equal(world.requests.length, 2);
  assert.equal(world.requests[1]?.headers.authorization, 'Bearer things for ann');
  assert.equal(world.requests[1]?.headers.cookie, undefined);
});

test('an answer other than 101 is passed on, and a missing instance is a problem', async () => {
  await using world = await worldOf(echo);
  const server = createServer();
  server.on('upgrade', (_, socket) =>
    socket.end('HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 3\r\n\r\nold'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  const refused = rawClient(world.gateway.port);
  refused.send(handshake());
  assert.match(await refused.ended(), /^HTTP\/1\.1 426 .*Sec-WebSocket-Version: 13.*old$/s);
  await new Promise((resolve) => server.close(resolve));
  const unreachable = rawClient(world.gateway.port);
  unreachable.send(handshake());
  assert.match(await unreachable.ended(), /^HTTP\/1\.1 502 .*GATEWAY_CONNECT_FAILED/s);
});

test('a closing gateway says 1001, between two frames of the instance, and tells no one else', async () => {
  await using world = await worldOf(() => {});
  const [quiet, busy] = [rawClient(world.gateway.port), rawClient(world.gateway.port)];
  quiet.send(handshake());
  await quiet.hears('101');
  busy.send(handshake());
  await until('both are open', () => world.sockets.length === 2 && busy.received().includes('101'));
  const whole = frame(Buffer.alloc(1_000, 0x41));
  world.sockets[1]?.write(whole.subarray(0, 500));
  await busy.hears('A'.repeat(400));
  const closing = world.gateway.close(5_000);
  await quiet.hears('\x88\x02\x03\xe9');
  assert.equal(busy.received().includes('\x88'), false);
  world.sockets[1]?.write(Buffer.concat([whole.subarray(500), frame('late')]));
  await busy.hears('\x88\x02\x03\xe9');
  assert.equal(busy.received().includes('late'), false);
  quiet.socket.end();
  busy.socket.end();
  await closing;
});

test('a client that does not answer a goodbye is cut off when the grace time ends', async () => {
  await using world = await worldOf(() => {});
  const client = rawClient(world.gateway.port);
  client.send(handshake());
  await client.hears('101');
  await world.gateway.close(50);
  await client.ended();
});

test('a WebSocket that is silent for too long is closed', async () => {
  const clock = fakeClock();
  await using world = await worldOf(echo, { limits: { tunnelIdleMs: 60_000 } }, { clock });
  const client = rawClient(world.gateway.port);
  client.send(handshake());
  await client.hears('101');
  await clock.advance(59_000);
  client.send(textOf(frame('ping', true)));
  await client.hears(textOf(frame('ping', true)));
  await clock.advance(59_000);
  assert.equal(client.received().includes('\x88'), false);
  await clock.advance(2_000);
  await client.hears('\x88\x02\x03\xe9');
});

test('either end takes the other along, and the request is counted as what it was', async () => {
  await using world = await worldOf(echo);
  const [first, second] = [rawClient(world.gateway.port), rawClient(world.gateway.port)];
  first.send(handshake());
  await first.hears('101');
  second.send(handshake());
  await second.hears('101');
  assert.match(world.gateway.telemetry.metrics.prometheus(), /dure_gateway_in_flight\S* 2/);
  world.sockets[0]?.destroy();
  await first.ended();
  second.socket.destroy();
  await until('the instance is left', () => world.sockets[1]?.destroyed === true);
  await until('both are counted', () =>
    /dure_gateway_duration_seconds_count\{[^}]*status="101"[^}]*\} 2/.test(
      world.gateway.telemetry.metrics.prometheus(),
    ),
  );
  assert.match(world.gateway.telemetry.metrics.prometheus(), /dure_gateway_in_flight\S* 0/);
});

test('only an operation that is a GET can become a WebSocket', async () => {
  await assert.rejects(openGateway({ exposes: [things], webSockets: [things.only('makeThing')] }), {
    code: 'GATEWAY_PROTOCOL_INVALID',
    message: 'webSockets names things.makeThing, which is POST; a WebSocket begins with GET',
  });
});
