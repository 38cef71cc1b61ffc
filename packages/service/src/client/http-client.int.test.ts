import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { test } from 'node:test';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import { codeOf, ids, seededRandom, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const stock = contract('stock', {
  read: get('/stock', { output: z.object({ left: z.int() }), access: 'public', timeoutMs: 300 }),
  write: post('/stock', { output: z.object({ left: z.int() }), access: 'service' }),
});

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts one server for each way of answering, and a client over all of them. */
async function withServers(
  answers: readonly Answering[],
  use: (client: ReturnType<typeof clientOver>) => Promise<void>,
): Promise<void> {
  const servers = answers.map((answer) => createServer(answer));
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  const client = clientOver(ports);
  try {
    await use(client);
  } finally {
    await client.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function clientOver(ports: readonly number[], scheme = 'http') {
  const random = seededRandom(3);
  const instances = staticInstances({
    stock: ports.map((port) => staticInstance('stock', `${scheme}://127.0.0.1:${port}`)),
  });
  const telemetry = silentTelemetry(ids(systemClock, systemRandom));
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry,
    balancer: balancer({ instances, clock: systemClock, random }),
  });
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => 'Bearer me' } });
  return { ...httpClient(stock, layers, transport), close: () => transport.close() };
}

const fine: Answering = (_request, response) =>
  void response.setHeader('content-type', 'application/json').end('{"left":1}');
const broken: Answering = (_request, response) => void response.writeHead(503).end();

test('without an instance a call fails at once', async () => {
  await withServers([], async (client) => {
    await assert.rejects(client.read({}, testCall()), (error) => codeOf(error) === 'SERVICE_NO_INSTANCE');
  });
});

test('a read goes to another instance when one cannot be reached or is unavailable', async () => {
  await withServers([broken, fine], async (client) => {
    for (let turn = 0; turn < 10; turn += 1) assert.deepEqual(await client.read({}, testCall()), { left: 1 });
  });
  const client = clientOver([1]);
  await assert.rejects(client.read({}, testCall()), (error) => codeOf(error) === 'SERVICE_CONNECT_FAILED');
  await client.close();
});

test('a write without a key is sent once, whatever comes back', async () => {
  let calls = 0;
  const counting: Answering = (request, response) => {
    calls += 1;
    assert.equal(request.headers.authorization, 'Bearer me');
    broken(request, response);
  };
  await withServers([counting], async (client) => {
    await assert.rejects(client.write({}, testCall()), (error) => codeOf(error) === 'SERVICE_REMOTE');
  });
  assert.equal(calls, 1);
});

test('an answer that is not JSON, or breaks off, is told as such', async () => {
  const nonsense: Answering = (_request, response) => void response.end('<html>');
  await withServers([nonsense], async (client) => {
    await assert.rejects(
      client.read({}, testCall()),
      (error) => codeOf(error) === 'SERVICE_RESPONSE_INVALID' && /stock\.read/.test(String(error)),
    );
  });
});

test('a server that never answers ends in a timeout, a caller who leaves in a cancellation', async () => {
  const silent: Answering = () => undefined;
  await withServers([silent], async (client) => {
    await assert.rejects(
      client.read({}, testCall({ attempt: { number: 1, tried: [], budgetLeft: 0 } })),
      (error) => codeOf(error) === 'RESILIENCE_TIMEOUT',
    );
    const leaving = new AbortController();
    const call = client.read({}, testCall({ signal: leaving.signal }));
    leaving.abort();
    await assert.rejects(call, (error) => codeOf(error) === 'RESILIENCE_CANCELLED');
  });
});

test('a problem keeps its code over the network', async () => {
  const refusing: Answering = (_request, response) =>
    void response.writeHead(422, { 'content-type': 'application/problem+json' }).end(
      JSON.stringify({
        type: 'urn:dure:error:SHOP_CLOSED',
        title: 'closed',
        status: 422,
        code: 'SHOP_CLOSED',
        detail: 'come back tomorrow',
      }),
    );
  await withServers([refusing], async (client) => {
    await assert.rejects(
      client.read({}, testCall()),
      (error) => codeOf(error) === 'SHOP_CLOSED' && /come back tomorrow/.test(String(error)),
    );
  });
});

test('an instance that speaks TLS is called by it: what is no TLS is never spoken to in plain text', async () => {
  let heard = '';
  const server = createTcp((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      heard = bytes.toString('latin1', 0, 1);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = clientOver([(server.address() as { port: number }).port], 'https');
  await assert.rejects(client.write({}, testCall()), (error) => codeOf(error) === 'SERVICE_CONNECT_FAILED');
  assert.equal(heard, '\u0016', 'the first octet of a TLS handshake (RFC 8446 §5.1)');
  await client.close();
  server.close();
});
