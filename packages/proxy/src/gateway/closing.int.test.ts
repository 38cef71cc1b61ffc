import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';

test('closing lets requests end, takes no new connection, and ends streams of events', async () => {
  let held: Socket | undefined;
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.includes('/events'))
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n');
    else held = socket;
  });
  const gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const [waiting, events, idle] = [rawClient(gateway.port), rawClient(gateway.port), rawClient(gateway.port)];
  waiting.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  events.send('GET /things/7/events HTTP/1.1\r\nHost: shop\r\n\r\n');
  await events.hears('data: 1');
  await until('the request is at the instance', () => held !== undefined);
  const closing = gateway.close(5_000);
  assert.match(await events.ended(), /0\r\n\r\n$/);
  await idle.ended();
  const late = rawClient(gateway.port);
  assert.equal(await late.ended(), '');
  held?.write(plainAnswer('in time'));
  assert.match(await waiting.ended(), /in time$/);
  await closing;
  assert.equal(
    upstream.sockets.every((socket) => socket.destroyed || socket.readyState !== 'open'),
    true,
  );
});

test('a patient close breaks no promise: a kept connection and a new one are answered once more, then closed', async () => {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.includes('/events'))
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n');
    else socket.write(plainAnswer('here'));
  });
  const gateway = await openGateway({ exposes: [things], limits: { keepAliveMs: 3_000 } });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const [kept, fresh, silent, events] = Array.from({ length: 4 }, () => rawClient(gateway.port));
  assert.ok(kept !== undefined && fresh !== undefined && silent !== undefined && events !== undefined);
  const get = 'GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n';
  for (const client of [kept, silent]) client.send(get);
  events.send('GET /things/7/events HTTP/1.1\r\nHost: shop\r\n\r\n');
  await Promise.all([kept.hears('here'), silent.hears('here'), events.hears('data: 1')]);
  assert.match(kept.received(), /keep-alive: timeout=3\r\n/i);
  const closing = gateway.close(30_000);
  await events.hears('0\r\n\r\n');
  assert.deepEqual(
    [kept, fresh, silent, events].map((client) => client.isClosed()),
    [false, false, false, false],
  );
  const late = rawClient(gateway.port);
  assert.equal(await late.ended(), '');
  for (const client of [kept, fresh, events]) client.send(get);
  for (const client of [kept, fresh, events])
    assert.match(await client.ended(), /connection: close\r\n(?:.|\s)*here$/i);
  assert.equal(silent.isClosed(), false);
  assert.match(await silent.ended(), /here$/);
  await closing;
});

test('what does not end in the grace time is cut off', async () => {
  await using upstream = await scriptedUpstream(() => {});
  const gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the request is at the instance', () => upstream.sockets.length === 1);
  await Promise.all([gateway.close(50), gateway.close(50)]);
  await client.ended();
});

test('a port that is taken is an error that names it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(openGateway({ exposes: [] }, { port }), {
    code: 'SERVICE_LISTEN_FAILED',
    message: `gateway cannot listen on 127.0.0.1:${port}: another process holds it`,
  });
  await new Promise((resolve) => server.close(resolve));
});
