import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import type { GatewayOptions } from './gateway-options.ts';

/** What an instance hears of a request, by field, and what the client hears of the answer. */
async function hear(options: Partial<GatewayOptions>, fields: string, path = '/things/7') {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('ok'));
  });
  await using gateway = await openGateway({ exposes: [things], ...options });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send(`GET ${path} HTTP/1.1\r\nHost: inner.test\r\nConnection: close\r\n${fields}\r\n`);
  const answer = await client.ended();
  const lines = (upstream.received[0] ?? '').split('\r\n').map((line) => line.split(': '));
  return { answer, heard: new Map(lines.map(([name = '', ...value]) => [name.toLowerCase(), value.join(': ')])) };
}

const claims =
  'X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\n' +
  'X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nForwarded: for=7.7.7.7\r\nX-Real-IP: 6.6.6.6\r\n' +
  'X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\nX-HTTP-Method-Override: DELETE\r\nTrue-Client-IP: 6.6.6.6\r\n' +
  'X-Client-IP: 6.6.6.6\r\nX-Cluster-Client-IP: 6.6.6.6\r\nX-Original-Host: evil\r\nX-Host: evil\r\nDure-Attempt: 7\r\n';
const dropped = [
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-real-ip',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method-override',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'x-host',
  'dure-attempt',
];

test('what a peer that is not trusted says of others is dropped, and the fields are made afresh', async () => {
  const { heard } = await hear({ trustedProxies: ['10.0.0.0/8'] }, claims);
  assert.equal(heard.get('x-forwarded-for'), '127.0.0.1');
  assert.equal(heard.get('x-forwarded-proto'), 'http');
  assert.equal(heard.get('x-forwarded-host'), 'inner.test');
  assert.equal(heard.get('forwarded'), 'for=127.0.0.1;host="inner.test";proto=http');
  for (const name of dropped) assert.equal(heard.has(name), false, name);
});

test('what a trusted proxy says is passed on, and itself is named after the client', async () => {
  const { heard } = await hear({ trustedProxies: ['127.0.0.0/8'] }, claims);
  assert.equal(heard.get('x-forwarded-for'), '203.0.113.9, 127.0.0.1');
  assert.equal(heard.get('x-forwarded-proto'), 'https');
  assert.equal(heard.get('x-forwarded-host'), 'shop.test');
  assert.equal(heard.get('forwarded'), 'for=203.0.113.9;host="shop.test";proto=https, for=127.0.0.1');
  for (const name of dropped) assert.equal(heard.has(name), false, name);
});

test('of proxies that write Forwarded nothing else is believed', async () => {
  const options = { trustedProxies: ['127.0.0.1'], forwardedBy: 'forwarded' } as const;
  const { heard } = await hear(options, claims);
  assert.equal(heard.get('x-forwarded-for'), '7.7.7.7, 127.0.0.1');
  assert.equal(heard.get('x-forwarded-host'), 'inner.test');
});

test('a page of the public origin is no other site when a trusted proxy tells what the client sees', async () => {
  const fields = `${claims}Cookie: dure_session=ann\r\nOrigin: https://shop.test\r\n`;
  const webSockets = [things.only('listMine')];
  const upgrade = 'Upgrade: websocket\r\nConnection: upgrade\r\n';
  const believed = await hear({ webSockets, trustedProxies: ['127.0.0.1'] }, fields + upgrade, '/mine');
  assert.match(believed.answer, /^HTTP\/1\.1 200 /);
  const { answer } = await hear({ webSockets }, fields + upgrade, '/mine');
  assert.match(answer, /^HTTP\/1\.1 403 .*GATEWAY_CROSS_SITE/s);
});

test('a request that comes by again and again is refused with 508', async () => {
  const options = { via: 'edge-1' };
  const { heard, answer } = await hear(options, 'Via: 1.1 edge-1, 1.1 other\r\nVia: 1.0 edge-1, 2 edge-1\r\n');
  assert.equal(heard.get('via'), '1.1 edge-1, 1.1 other, 1.0 edge-1, 2 edge-1, 1.1 edge-1');
  assert.match(answer, /\r\nvia: 1\.1 edge-1\r\n/);
  const again = await hear(options, `Via: ${heard.get('via')}\r\n`);
  assert.match(again.answer, /^HTTP\/1\.1 508 .*GATEWAY_LOOP/s);
  assert.equal(again.heard.size, 1);
});

test('settings that make no sense stop the start', async () => {
  const start = (options: Partial<GatewayOptions>) => openGateway({ exposes: [things], ...options });
  await assert.rejects(start({ trustedProxies: ['10.0.0.0/33'] }), {
    code: 'GATEWAY_PROTOCOL_INVALID',
    message: 'trustedProxies names "10.0.0.0/33", which is no network; write 10.0.0.0/8, fd00::/8 or one address',
  });
  await assert.rejects(start({ via: 'a b' }), { code: 'GATEWAY_PROTOCOL_INVALID' });
});
