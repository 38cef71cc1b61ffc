import assert from 'node:assert/strict';
import { test } from 'node:test';
import { named } from '../routing/named-layer.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import { mirror } from '../traffic/mirror.ts';
import type { GatewayOptions } from './gateway-options.ts';

/** A gateway before an instance that answers every whole request with the same bytes. */
async function worldOf(answer: string, options: Partial<GatewayOptions> = {}) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (/^GET .*\r\n\r\n$|\r\n0\r\n(?:.+\r\n)*\r\n$/s.test(sofar)) socket.write(answer);
  });
  const gateway = await openGateway({ exposes: [things], ...options });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  return {
    upstream,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.close();
    },
  };
}

const withTrailers =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\n' +
  'X-Sum: 42\r\nContent-Length: 9\r\nSet-Cookie: dure_session=evil\r\nDure-Fallback: x\r\nHost: evil\r\n\r\n';
const get = (fields: string) => `GET /things/7 HTTP/1.1\r\nHost: shop\r\n${fields}\r\n`;

test('trailer fields of an answer reach a client that takes them, without those that control a message', async () => {
  await using world = await worldOf(withTrailers);
  const client = rawClient(world.gateway.port);
  client.send(get('TE: trailers, deflate;q=0.5\r\nConnection: TE, close\r\n'));
  const answer = await client.ended();
  assert.match(answer, /\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n$/);
  assert.match(world.upstream.received[0] ?? '', /\r\nte: trailers\r\nconnection: te\r\n/);
});

test('a client that does not ask for trailer fields gets none, and neither does its request name them', async () => {
  await using world = await worldOf(withTrailers);
  const client = rawClient(world.gateway.port);
  client.send(get('TE: gzip\r\nConnection: close\r\n'));
  assert.match(await client.ended(), /hello\r\n0\r\n\r\n$/);
  assert.doesNotMatch(world.upstream.received[0] ?? '', /\r\nte:/i);
});

test('trailer fields of a request go on behind its body, without those that control or authenticate', async () => {
  await using world = await worldOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  const client = rawClient(world.gateway.port);
  client.send(
    'POST /orders HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\n' +
      'X-Sum: 42\r\nAuthorization: Bearer ann\r\nX-Forwarded-For: 6.6.6.6\r\ndure-attempt: 9\r\n\r\n',
  );
  assert.match(await client.ended(), /ok$/);
  assert.match(world.upstream.received[0] ?? '', /\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 42\r\n\r\n$/);
});

test('early hints are passed on to whoever asked for it, their links and nothing else', async () => {
  const hints =
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload, </b.js>; rel="preload"\r\nLink: bad\r\nSet-Cookie: a=b\r\n\r\n';
  const answer = `${hints}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone`;
  await using silent = await worldOf(answer);
  await using telling = await worldOf(answer, { earlyHints: true });
  const ask = async (port: number, version = '1.1') => {
    const client = rawClient(port);
    client.send(get('Connection: close\r\n').replace('HTTP/1.1', `HTTP/${version}`));
    await until('the answer is there', () => client.received().endsWith('done'));
    return client.received();
  };
  assert.match(await ask(silent.gateway.port), /^HTTP\/1\.1 200 /);
  assert.match(
    await ask(telling.gateway.port),
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload, <\/b\.js>; rel="preload"\r\n\r\nHTTP\/1\.1 200 /,
  );
  assert.match(await ask(telling.gateway.port, '1.0'), /^HTTP\/1\.1 200 /);
});

test('layers that wrap the answer pass its trailer fields on', async () => {
  const copied = mirror({ version: '2', observe: () => undefined });
  const layers = { 'things.readThing': [named('Mirror', copied, '2')] };
  await using world = await worldOf(withTrailers, { layers });
  const client = rawClient(world.gateway.port);
  client.send(get('TE: trailers\r\nConnection: TE, close\r\n'));
  assert.match(await client.ended(), /hello\r\n0\r\nX-Sum: 42\r\n\r\n$/);
});
