import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { things } from '../testing/test-contract.ts';

const path = '/things/7/events';

/** A gateway before a service that numbers its events, resumes behind the one that it is told, and breaks off after two. */
async function openNumbered() {
  const server = createServer(({ headers }, response) => {
    const last = Number(headers['last-event-id'] ?? 0);
    response.setHeader('content-type', 'text/event-stream');
    for (const id of [last + 1, last + 2]) response.write(`retry: 50\nid: ${id}\ndata: {"n":${id}}\n\n`);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.close().closeAllConnections();
    },
  };
}

test('a subscription that was lost goes on behind the last event that its client has, if the service numbers them', async () => {
  await using world = await openNumbered();
  const told: number[] = [];
  let last: string | undefined;
  for (let turn = 0; turn < 3; turn += 1) {
    const headers = last === undefined ? {} : { 'last-event-id': last };
    const text = await (await fetch(world.gateway.origin + path, { headers })).text();
    assert.match(text, /^retry: 50$/m);
    told.push(...[...text.matchAll(/^data: \{"n":(\d+)\}$/gm)].map(([, n]) => Number(n)));
    last = [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
  }
  assert.deepEqual(told, [1, 2, 3, 4, 5, 6]);
});

test('a WebSocket that names its last event goes on behind it as well', async () => {
  await using world = await openNumbered();
  const client = rawClient(world.gateway.port);
  client.send(
    `GET ${path} HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nLast-Event-ID: 40\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await client.hears('{"n":42}');
  assert.match(client.received(), /\{"n":41\}/);
  assert.doesNotMatch(client.received(), /\{"n":1\}/);
  client.socket.destroy();
});
