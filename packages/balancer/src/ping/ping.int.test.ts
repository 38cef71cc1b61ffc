import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { testInstance } from '../testing/instance-list-contract.ts';
import { httpPing, tcpPing } from './ping.ts';

async function openServer(status: () => number) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    if (status() > 0) response.writeHead(status(), { location: '/elsewhere' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { instance: testInstance('stock', 'stock:a', { port: 1, managementPort: port }), paths, port, close };
}

const never = new AbortController().signal;

test('an HTTP ping asks the management port, takes 2xx and 3xx for well and names what it got instead', async () => {
  let status = 200;
  const server = await openServer(() => status);
  await httpPing()(server.instance, never);
  assert.deepEqual(server.paths, ['/actuator/health/readiness']);
  status = 302;
  await httpPing({ path: '/ready' })(server.instance, never);
  status = 503;
  await assert.rejects(
    httpPing()(server.instance, never),
    (error) => codeOf(error) === 'BALANCER_PING_FAILED' && /answered 503; expected 200 to 399/.test(String(error)),
  );
  await httpPing({ wellBelow: 600 })(server.instance, never);
  const { port } = server;
  await httpPing({ port: 'api', wellBelow: 600 })({ ...server.instance, port, managementPort: 1 }, never);
  await server.close();
  await assert.rejects(httpPing()(server.instance, never));
});

test('an HTTP ping ends when its signal aborts', async () => {
  const server = await openServer(() => 0);
  const stop = new AbortController();
  const pinged = httpPing()(server.instance, stop.signal);
  stop.abort();
  await assert.rejects(pinged, { name: 'AbortError' });
  await server.close();
});

test('a TCP ping is content with a connection to the API port', async () => {
  const server = await openServer(() => 200);
  const instance = testInstance('stock', 'stock:a', { port: server.port });
  await tcpPing()(instance, never);
  await assert.rejects(tcpPing()(instance, AbortSignal.abort()));
  await server.close();
  await assert.rejects(tcpPing()(instance, never), { code: 'ECONNREFUSED' });
});

test('a path without a slash is refused', () => {
  assert.throws(
    () => httpPing({ path: 'health' }),
    (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
  );
  assert.throws(
    () => httpPing({ wellBelow: 200 }),
    (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
  );
});
