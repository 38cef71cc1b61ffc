import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import { route } from '../routing/route.ts';
import { testSigner, testVerifier } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import type { StartGatewayOptions } from './start-gateway.ts';
import { startGateway } from './start-gateway.ts';

const telemetry = silentTelemetry();

/** A server that answers with the `Authorization` that reached it. */
const told = () =>
  scriptedUpstream((socket, text) => {
    const [, authorization = 'nothing'] = /authorization: ([^\r]*)\r\n(?![\s\S]*authorization)/i.exec(text) ?? [];
    socket.write(plainAnswer(authorization));
  });

async function open(options: Omit<StartGatewayOptions, 'telemetry'>) {
  const server = await told();
  const url = `http://127.0.0.1:${server.port}`;
  const routes = [
    route('open', { path: '/open/**', to: { url }, access: 'public' }),
    route('mine', { path: '/mine/**', to: { service: 'told' }, access: 'user' }),
  ];
  const gateway = await startGateway({ routes, services: { told: [{ url, version: '1' }] }, telemetry, ...options });
  return {
    gateway,
    async ask(path: string, authorization = '') {
      const answer = await fetch(gateway.url + path, authorization === '' ? {} : { headers: { authorization } });
      const text = await answer.text();
      return `${answer.status} ${answer.ok ? text : (JSON.parse(text) as { code: string }).code}`;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a gateway that knows nobody hands `Authorization` on as it came, and opens no route for users', async () => {
  await using alone = await open({});
  assert.equal(await alone.ask('/open/1', 'Basic YTpi'), '200 Basic YTpi');
  assert.equal(await alone.ask('/mine/1', 'Bearer ann'), '401 SERVICE_TOKEN_MISSING');
});

test('with a verifier tokens are judged at the edge and end there; with a signer servers hear the gateway’s word', async () => {
  await using judging = await open({ verifier: testVerifier });
  assert.equal(await judging.ask('/mine/1', 'Bearer ann'), '200 nothing');
  assert.equal(await judging.ask('/open/1', 'Bearer expired'), '401 SERVICE_TOKEN_INVALID');
  await using signing = await open({ verifier: testVerifier, signer: testSigner });
  assert.equal(await signing.ask('/mine/1', 'Bearer ann'), '200 Bearer told for ann');
});

test('tokens that none of its issuers gave are refused', async () => {
  await using alone = await open({ issuers: [{ name: 'idp', issuer: 'https://idp.example', audience: 'api' }] });
  assert.equal(await alone.ask('/open/1', 'Bearer ann'), '401 SERVICE_TOKEN_INVALID');
  assert.equal(await alone.ask('/open/1'), '200 nothing');
});

test('a management port is opened only where one is asked for, and tells everybody of the health', async () => {
  await using without = await open({});
  assert.equal(without.gateway.managementPort, undefined);
  await using managed = await open({ managementPort: 0, verifier: testVerifier });
  const at = `http://127.0.0.1:${managed.gateway.managementPort}/actuator`;
  const health = await fetch(`${at}/health/readiness`);
  assert.deepEqual([health.status, await health.json()], [200, { status: 'UP' }]);
  const routes = await fetch(`${at}/gateway/routes`);
  assert.equal(routes.status, 401);
  await routes.bytes();
});

test('closing twice is closing once, and the port is free again', async () => {
  const { port, close } = await startGateway({ telemetry });
  await Promise.all([close(), close()]);
  await using again = await startGateway({ telemetry, port });
  assert.equal(again.url, `http://127.0.0.1:${port}`);
});

test('addresses that are none, and a promise of tokens that nobody signs, stop the start', async () => {
  for (const url of ['localhost:9000', 'ftp://books.example', 'http://127.0.0.1:9000/api'])
    await assert.rejects(startGateway({ services: { books: [url] } }), (error) => {
      assert.equal(codeOf(error), 'GATEWAY_ROUTE_INVALID');
      assert.match((error as Error).message, /of the service "books" is no origin/);
      return true;
    });
  await assert.rejects(startGateway({ identity: 'internal' }), (error) => codeOf(error) === 'GATEWAY_ISSUERS_INVALID');
});
