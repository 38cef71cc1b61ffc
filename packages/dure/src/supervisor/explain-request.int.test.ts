import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { explainRequest } from './explain-request.ts';

async function gatewayThat(knows: string) {
  const server = createServer(({ url, headers }, response) => {
    const isKnown = url === `/actuator/gateway/requests/${knows}` && headers.authorization === 'Bearer supervisor';
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: knows, status: 503 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: managementPort } = server.address() as AddressInfo;
  return {
    gateway: { name: 'gateway', instanceId: 'gateway:1', port: 1, managementPort, version: '1' },
    [Symbol.dispose]: () => server.close().closeAllConnections(),
  };
}

const signer = { authorize: async () => 'Bearer supervisor' };

test('every process of the gateway is asked for a request by its id, with the credentials of the supervisor', async () => {
  using one = await gatewayThat('a1');
  using other = await gatewayThat('b2');
  const gateways = [one.gateway, other.gateway];
  assert.deepEqual(await explainRequest('a1', '127.0.0.1', gateways, signer), { id: 'a1', status: 503 });
  assert.deepEqual(await explainRequest('b2', '127.0.0.1', gateways, signer), { id: 'b2', status: 503 });
});

test('a request that the gateway does not remember, and a gateway that does not answer, are said', async () => {
  using one = await gatewayThat('a1');
  await assert.rejects(explainRequest('b/2', '127.0.0.1', [one.gateway], signer), {
    code: 'DURE_REQUEST_UNKNOWN',
    message: /remembers no request "b\/2"/,
  });
  await assert.rejects(explainRequest('a1', '127.0.0.1', [], signer), {
    code: 'DURE_REQUEST_UNKNOWN',
    message: /the gateway does not answer/,
  });
});
