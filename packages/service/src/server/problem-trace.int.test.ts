import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { serviceParts } from '../testing/service-parts.ts';
import { service } from './service.ts';
import type { RunningService } from './start-service.ts';
import { startService } from './start-service.ts';

const stock = contract('stock', {
  read: get('/stock/:sku', { params: z.object({ sku: z.string() }), access: 'public' }),
  add: post('/stock', { body: z.object({ sku: z.string() }), access: 'public', idempotent: true }),
});
const stockService = service({
  contract: stock,
  start: ({ add }) => {
    add.route({ method: 'GET', path: '/raw', access: 'public', handle: () => ({ status: 200 }) });
    return { add: async () => undefined, read: async () => undefined };
  },
});
let running: RunningService;

before(async () => {
  const verify = async () => {
    throw serviceErrors.TOKEN_INVALID('the token is broken');
  };
  running = await startService(stockService, serviceParts({ platform: { verifier: { verify } } }));
});
after(() => running.close());

const json = { 'content-type': 'application/json' };
const broken = { authorization: 'Bearer x.y.z' };
const early: readonly (readonly [string, 'port' | 'managementPort', string, RequestInit, number])[] = [
  ['an unknown path', 'port', '/nowhere', {}, 404],
  ['a path that is not percent-encoded', 'port', '/%c0%ae', {}, 404],
  // Were it 500, anybody could open the circuit breakers of all who call.
  ['a parameter of a path that is too long', 'port', `/stock/${'x'.repeat(101)}`, {}, 404],
  ['a wrong method', 'port', '/stock', { method: 'DELETE' }, 405],
  ['a huge body', 'port', '/stock', { method: 'POST', headers: json, body: `"${'x'.repeat(2 ** 20)}"` }, 413],
  ['another media type', 'port', '/stock', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'a' }, 415],
  ['broken JSON', 'port', '/stock', { method: 'POST', headers: json, body: '{' }, 400],
  ['a broken token', 'port', '/stock', { method: 'POST', headers: { ...json, ...broken }, body: '{}' }, 401],
  ['a broken token at a raw route', 'port', '/raw', { headers: broken }, 401],
  ['an unknown path', 'managementPort', '/nowhere', {}, 404],
  ['no token', 'managementPort', '/actuator/metrics', {}, 401],
  ['a broken token', 'managementPort', '/actuator/metrics', { headers: broken }, 401],
  // Were it 500, anybody could open the circuit breakers of all who call.
  ['a parameter of a path that is too long', 'port', `/stock/${'x'.repeat(101)}`, {}, 404],
  ['a wrong method', 'managementPort', '/actuator/health', { method: 'PATCH' }, 405],
];
const own = 'a'.repeat(31);
const refused = [
  `00-${own}x-${'b'.repeat(16)}-01`,
  `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${own}`,
  '<b>-<b>',
];

for (const [name, port, path, init, status] of early) {
  test(`${name} on the ${port} gets ${status} with the request’s trace id, or a new one`, async () => {
    const traceIdOf = async (traceparent?: string): Promise<string> => {
      const trace = traceparent === undefined ? {} : { traceparent };
      const url = `http://127.0.0.1:${running[port]}${path}`;
      const response = await fetch(url, { ...init, headers: { ...(init.headers as object), ...trace } });
      const problem = (await response.json()) as { readonly status: number; readonly traceId: string };
      assert.deepEqual([response.status, problem.status], [status, status]);
      return problem.traceId;
    };
    assert.equal(await traceIdOf(`00-${own}a-${'b'.repeat(16)}-01`), `${own}a`);
    const made = await Promise.all([undefined, ...refused].map(traceIdOf));
    for (const traceId of made) assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/);
    assert.equal(new Set(made).size, made.length);
  });
}

/** What comes back over a connection until it is closed. */
function sent(port: number, ...texts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(texts[0] ?? ''));
    let turn = 1;
    let heard = '';
    socket.on('data', (piece: Buffer) => {
      heard += piece.toString('latin1');
      const next = texts[turn];
      turn += 1;
      if (next !== undefined) socket.write(next);
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', () => undefined);
  });
}

for (const port of ['port', 'managementPort'] as const) {
  test(`what is not HTTP gets a problem on the ${port}, SERVICE_MALFORMED, and a closed connection`, async () => {
    const garbage = await sent(running[port], 'HELLO\r\n\r\n');
    assert.match(garbage, /^HTTP\/1\.1 400 Bad Request\r\n.*content-type: application\/problem\+json/s);
    assert.match(garbage, /"code":"SERVICE_MALFORMED","traceId":"[0-9a-f]{32}"/);
    const huge = await sent(running[port], `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.match(huge, /^HTTP\/1\.1 431 .*"status":431,"detail":"the header block is too large"/s);
  });

  test(`after an answer on the ${port}, what is not HTTP ends the connection and nothing is written into it`, async () => {
    const both = await sent(running[port], 'GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n', 'HELLO\r\n\r\n');
    assert.equal(both.match(/HTTP\/1\.1/g)?.length, 1, both);
  });
}
