import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

async function world(options: Partial<GatewayOptions> = {}) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.includes('\r\n\r\n')) socket.write(plainAnswer('fine'));
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

interface Refusal {
  /** Only the body is at fault: the instance may have seen the head. */
  readonly late?: true;
  /** What is sent; `Host: shop` is added unless it holds one. */
  readonly send: string;
  readonly status: number;
  readonly code: string;
}

const get = (target: string, ...fields: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, 'Host: shop', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`;
const post = (fields: readonly string[], body: string) =>
  `${['POST /orders HTTP/1.1', 'Host: shop', ...fields].join('\r\n')}\r\n\r\n${body}`;

const malformed = { status: 400, code: 'GATEWAY_MALFORMED' };
const target = { status: 400, code: 'GATEWAY_TARGET_INVALID' };

const refusals: Readonly<Record<string, Refusal>> = {
  'no Host': { send: 'GET /things/7 HTTP/1.1\r\n\r\n', ...malformed },
  'two Hosts': { send: get('/things/7', 'Host: evil'), ...malformed },
  'an empty Host': { send: 'GET /things/7 HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', ...malformed },
  'a Host with user information': {
    send: 'GET /things/7 HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n',
    ...malformed,
  },
  'a Host with a path': { send: 'GET /things/7 HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n', ...malformed },
  'an absolute target of another host': { send: get('http://evil/things/7'), ...malformed },
  'an absolute target with user information': { send: get('http://shop@evil/things/7'), ...target },
  'a garbage request line': { send: 'HELLO\r\n\r\n', ...malformed },
  'a TLS hello': { send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', ...malformed },
  'a space before the colon': { send: get('/things/7', 'X-A : 1'), ...malformed },
  'a folded field': { send: get('/things/7', 'X-A: 1', ' folded'), ...malformed },
  'a field without a name': { send: get('/things/7', ': x'), ...malformed },
  'a space in a field name': { send: get('/things/7', 'X A: 1'), ...malformed },
  'a NUL in a field value': { send: get('/things/7', 'X-A: a\0b'), ...malformed },
  'a bare CR in a field value': { send: get('/things/7', 'X-A: a\rb'), ...malformed },
  'bare line feeds': { send: 'GET /things/7 HTTP/1.1\nHost: shop\n\n', ...malformed },
  'length and chunks (CL.TE)': {
    send: post(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'),
    ...malformed,
  },
  'chunks and length (TE.CL)': {
    send: post(['Transfer-Encoding: chunked', 'Content-Length: 4'], '5c\r\nGPOST'),
    ...malformed,
  },
  'two lengths': { send: post(['Content-Length: 2', 'Content-Length: 3'], '{} '), ...malformed },
  'two equal lengths': { send: post(['Content-Length: 2', 'Content-Length: 2'], '{}'), ...malformed },
  'a list of lengths': { send: post(['Content-Length: 2, 2'], '{}'), ...malformed },
  'a signed length': { send: post(['Content-Length: +2'], '{}'), ...malformed },
  'a hexadecimal length': { send: post(['Content-Length: 0x2'], '{}'), ...malformed },
  'a length with spaces inside': { send: post(['Content-Length: 1 2'], '{}'), ...malformed },
  'a chunk size that is no number': {
    send: post(['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    ...malformed,
  },
  'a chunk longer than its size': {
    send: post(['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n'),
    late: true,
    ...malformed,
  },
  'a look-alike of Transfer-Encoding': {
    send: post(['Content-Length: 2', 'Transfer_Encoding: chunked', 'Connection: close'], '{}'),
    ...malformed,
  },
  'Transfer-Encoding with a tab': {
    send: post(['Transfer-Encoding: \tchunked\v', 'Connection: close'], '0\r\n\r\n'),
    ...malformed,
  },
  'an unknown coding': {
    send: post(['Transfer-Encoding: gzip', 'Connection: close'], '0\r\n\r\n'),
    status: 501,
    code: 'GATEWAY_TRANSFER_CODING',
  },
  'a doubled coding': {
    send: post(['Transfer-Encoding: chunked, chunked', 'Connection: close'], '0\r\n\r\n'),
    ...malformed,
  },
  'HTTP/2 without an upgrade': {
    send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    status: 505,
    code: 'GATEWAY_VERSION',
  },
  'HTTP/0.9': { send: 'GET /things/7\r\nHost: shop\r\n\r\n', status: 505, code: 'GATEWAY_VERSION' },
  'chunks in HTTP/1.0': {
    send: post(['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
    ...malformed,
  },
  'HTTP/3.0': { send: 'GET /things/7 HTTP/3.0\r\nHost: shop\r\n\r\n', status: 505, code: 'GATEWAY_VERSION' },
  'GET *': { send: get('*'), ...target },
  'a target with a raw byte above 0x7f': { send: get('/things/\xe9'), ...malformed },
  'an overlong UTF-8 target': { send: get('/things/%c0%af'), ...target },
  'an encoded dot segment': { send: get('/things/%2e%2e/internal'), ...target },
  'an encoded slash': { send: get('/things/a%2f..%2finternal'), ...target },
  'a doubled slash': { send: get('//things/7'), ...target },
  'a fragment': { send: get('/things/7#x'), ...target },
  'a target of 9 KiB': { send: get(`/things/${'a'.repeat(9_000)}`), status: 414, code: 'GATEWAY_TARGET_TOO_LONG' },
  'a target of 20 KiB': { send: get(`/things/${'a'.repeat(20_000)}`), status: 414, code: 'GATEWAY_TARGET_TOO_LONG' },
  'a header block of 20 KiB': {
    send: get('/things/7', `X-A: ${'a'.repeat(20_000)}`),
    status: 431,
    code: 'GATEWAY_HEADERS_TOO_LARGE',
  },
  'a hundred and one fields': {
    send: get('/things/7', ...Array.from({ length: 101 }, (_, index) => `X-${index}: 1`)),
    status: 431,
    code: 'GATEWAY_HEADERS_TOO_LARGE',
  },
  'a stated body of 2 MiB': {
    send: post(['Content-Length: 2097152', 'Connection: close'], ''),
    status: 413,
    code: 'GATEWAY_BODY_TOO_LARGE',
  },
  'a body for a read': {
    send: get('/things/7', 'Content-Length: 2').concat('{}'),
    status: 400,
    code: 'GATEWAY_BODY_UNEXPECTED',
  },
  'a tunnel': {
    send: 'CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n',
    status: 405,
    code: 'GATEWAY_METHOD_NOT_ALLOWED',
  },
  TRACE: {
    send: get('/things/7').replace('GET', 'TRACE'),
    status: 405,
    code: 'GATEWAY_METHOD_NOT_ALLOWED',
  },
  'an operation for services': { send: get('/internal'), status: 404, code: 'GATEWAY_NOT_FOUND' },
};

for (const [what, { send, status, code, late }] of Object.entries(refusals)) {
  test(`refused with ${status} and without contact to an instance: ${what}`, async () => {
    await using there = await world();
    const answer = await sendRaw(there.gateway.port, send);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer.slice(0, 300));
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, /content-type: application\/problem\+json/i);
    const problem = JSON.parse(body);
    assert.deepEqual([problem.code, problem.status], [code, status]);
    assert.match(problem.traceId, /^[0-9a-f]{32}$/);
    assert.doesNotMatch(body, /node:|\.ts|HPE_|127\.0\.0\.1/);
    if (late !== true) assert.equal(there.upstream.sockets.length, 0);
  });
}

test('an absolute target of the same host, OPTIONS * and OPTIONS of a path are answered', async () => {
  await using there = await world();
  assert.match(await sendRaw(there.gateway.port, get('http://shop/things/7')), /^HTTP\/1\.1 200 /);
  assert.match(await sendRaw(there.gateway.port, get('*').replace('GET', 'OPTIONS')), /^HTTP\/1\.1 204 /);
  const options = await sendRaw(there.gateway.port, get('/things/7').replace('GET', 'OPTIONS'));
  assert.match(options, /^HTTP\/1\.1 204 /);
  assert.match(options, /\r\nallow: GET, HEAD, PUT, DELETE, OPTIONS\r\n/i);
});

test('what comes after a refused request on its connection is never carried out', async () => {
  const smuggled = '0\r\n\r\nDELETE /things/smuggled HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ann+admin\r\n\r\n';
  for (const refused of [
    post(['Content-Length: 4', 'Transfer-Encoding: chunked'], smuggled),
    post(['Transfer-Encoding: ,chunked'], smuggled),
    post(['Transfer-Encoding: chunked', 'Host: evil'], smuggled),
    post(['Transfer-Encoding: chunked', 'Content_Length: 9'], smuggled),
    get('/things/%zz').replace('Connection: close\r\n', '') + smuggled.slice(5),
    get('/things/7').replace('Connection: close\r\n', 'Host: shop\r\n') + smuggled.slice(5),
  ]) {
    await using there = await world();
    const answer = await sendRaw(there.gateway.port, refused);
    assert.match(answer, /^HTTP\/1\.1 (?:400|501) /);
    assert.equal(answer.split('HTTP/1.1 ').length, 2);
    assert.equal(there.upstream.sockets.length, 0);
  }
});

test('a request that was to be the last is answered, whatever follows it', async () => {
  await using there = await world();
  const answer = await sendRaw(there.gateway.port, `${get('/things/7')}GARBAGE`);
  assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*fine$/);
});

test('a tunnel asked for before an answer has come does not get that answer’s place', async () => {
  await using there = await world();
  const tunnel = 'CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n';
  assert.equal(await sendRaw(there.gateway.port, `GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n${tunnel}`), '');
});

test('an expectation that nobody knows is passed over', async () => {
  await using there = await world();
  assert.match(await sendRaw(there.gateway.port, get('/things/7', 'Expect: wonders')), /^HTTP\/1\.1 200 /);
});

test('a body without a stated length is cut off at the limit: 413, and the instance sees no end', async () => {
  const upstream = await scriptedUpstream(() => {});
  await using gateway = await openGateway({ exposes: [things], limits: { maxBodyBytes: 1_000 } });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send('POST /orders HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let index = 0; index < 20; index += 1) client.send(`64\r\n${'a'.repeat(100)}\r\n`);
  await client.hears('GATEWAY_BODY_TOO_LARGE');
  assert.match(client.received(), /^HTTP\/1\.1 413 /);
  client.socket.destroy();
  await until('the instance is left', () => upstream.sockets.every((socket) => socket.destroyed));
  assert.doesNotMatch(upstream.received.join(''), /0\r\n\r\n$/);
  await upstream.close();
});

test('a client that sends on after it was refused meets no broken connection', async () => {
  await using there = await world();
  const client = connect({ port: there.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  const bytes = 2 ** 21;
  client.write(`POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: ${bytes}\r\n\r\n`);
  assert.match(await text(client), /^HTTP\/1\.1 413 [\s\S]*GATEWAY_BODY_TOO_LARGE/);
  for (let sent = 0; sent < bytes; sent += 2 ** 16)
    await new Promise<void>((sent, broken) =>
      client.write(Buffer.alloc(2 ** 16), (error) => (error ? broken(error) : sent())),
    );
  client.end();
  const [broken] = await once(client, 'close');
  assert.equal(broken, false);
});

test('a client that sends its head slowly is refused with 408', async () => {
  await using there = await world({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
  const client = rawClient(there.gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: sh');
  const answer = await client.ended();
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.match(answer, /GATEWAY_REQUEST_TIMEOUT/);
});

test('a client that sends its body slowly is cut off, and the instance with it', async () => {
  const upstream = await scriptedUpstream(() => {});
  await using gateway = await openGateway({
    exposes: [things],
    limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 },
  });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send('POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{');
  await client.ended();
  await until(
    'the instance is left',
    () => upstream.sockets.length === 1 && upstream.sockets.every((socket) => socket.destroyed),
  );
  await upstream.close();
});

test('one address cannot take every connection', async () => {
  await using there = await world({ limits: { maxConnectionsPerClient: 5 } });
  const held = Array.from({ length: 8 }, () => rawClient(there.gateway.port));
  await until('three are shut out', () => held.filter((client) => client.isClosed()).length === 3);
  const other = connect({ host: '127.0.0.1', port: there.gateway.port, localAddress: '127.0.0.2' });
  other.write(get('/things/7'));
  let answer = '';
  other.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1');
  });
  await until('the other address is served', () => answer.includes('fine'));
  other.destroy();
  for (const client of held) client.socket.destroy();
});

test('a refused body that is small is read and forgotten: the connection stays', async () => {
  await using there = await world();
  const client = rawClient(there.gateway.port);
  client.send('POST /things HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\n{"a"');
  await client.hears('SERVICE_TOKEN_MISSING');
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.hears('fine');
  client.socket.destroy();
});

test('refusals are counted by status', async () => {
  await using there = await world();
  await sendRaw(there.gateway.port, 'HELLO\r\n\r\n');
  await sendRaw(there.gateway.port, get('/nowhere'));
  await sendRaw(there.gateway.port, get('/things/7'));
  await until('it is counted', () =>
    /dure_gateway_duration_seconds_count.*200/.test(there.gateway.telemetry.metrics.prometheus()),
  );
  const text = there.gateway.telemetry.metrics.prometheus();
  assert.match(text, /dure_gateway_refusals\S*\{[^}]*status="400"[^}]*\} 1/);
  assert.match(text, /dure_gateway_refusals\S*\{[^}]*status="404"[^}]*\} 1/);
  assert.doesNotMatch(text, /nowhere|things\/7/);
});
