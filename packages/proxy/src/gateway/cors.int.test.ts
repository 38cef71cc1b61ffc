import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CorsOptions } from '../protection/cors.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

const shop = 'https://shop.example.com';

async function open(cors?: CorsOptions) {
  const upstream = await scriptedUpstream((socket) => void socket.write(plainAnswer('{}')));
  const gateway = await openGateway(cors === undefined ? { exposes: [things] } : { exposes: [things], cors });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const preflight = (path: string, method: string) =>
    sendRaw(
      gateway.port,
      `OPTIONS ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: ${shop}\r\nAccess-Control-Request-Method: ${method}\r\n\r\n`,
    );
  const close = async () => {
    await gateway.close();
    await upstream[Symbol.asyncDispose]();
  };
  return { gateway, upstream, preflight, [Symbol.asyncDispose]: close };
}

test('the gateway answers preflights for the operation that they ask about, and pages may read what is refused', async () => {
  await using under = await open({ allowedOrigins: [shop], allowedMethods: ['*'] });
  assert.match(
    await under.preflight('/things/7', 'PUT'),
    /^HTTP\/1\.1 204 [\s\S]*access-control-allow-methods: PUT\r\n/,
  );
  assert.match(await under.preflight('/mine', 'GET'), /^HTTP\/1\.1 204 /);
  assert.equal(under.upstream.received.length, 0);
  const refused = await fetch(`${under.gateway.origin}/mine`, { headers: { origin: shop } });
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [401, shop]);
  const read = await fetch(`${under.gateway.origin}/things/7`, { headers: { origin: shop } });
  assert.deepEqual([read.status, read.headers.get('access-control-allow-origin')], [200, shop]);
});

test('without settings no page of another origin hears anything of an operation', async () => {
  await using under = await open();
  assert.doesNotMatch(await under.preflight('/things/7', 'PUT'), /access-control-/i);
  assert.equal(under.upstream.received.length, 0);
});
