import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@dure/core';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { sendRaw } from '../testing/raw-client.ts';
import { recordingUpstream } from '../testing/recording-upstream.ts';
import { things } from '../testing/test-contract.ts';

const head = (target: string, ...fields: readonly string[]) =>
  `${[target, 'Host: shop', ...fields].join('\r\n')}\r\n\r\n`;
const tooMuch: readonly (readonly [status: number, bytes: string])[] = [
  [414, head(`GET /things/${'a'.repeat(8_200)} HTTP/1.1`, 'Connection: close')],
  [431, head('GET /things/7 HTTP/1.1', `X-A: ${'a'.repeat(16_400)}`)],
  [431, head('GET /things/7 HTTP/1.1', ...Array.from({ length: 100 }, (_, index) => `X-${index}: 1`))],
  [413, head('POST /orders HTTP/1.1', 'Content-Length: 1048577')],
];

// A15 of the test catalogue.
test('what is over a limit is refused at once a thousand times each, and nothing of it is kept', async (t) => {
  await using upstream = await recordingUpstream();
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  for (const [status, bytes] of tooMuch) {
    const tookMs: number[] = [];
    const before = process.memoryUsage().rss;
    for (let from = 0; from < 1_000; from += 10) {
      const one = async () => {
        const fromMs = systemClock.monotonicMs();
        assert.match(await sendRaw(gateway.port, bytes), new RegExp(`^HTTP/1\\.1 ${status} `));
        tookMs.push(systemClock.monotonicMs() - fromMs);
      };
      await Promise.all(Array.from({ length: 10 }, one));
    }
    tookMs.sort((a, b) => a - b);
    // The client's memory is in it, and what nobody has collected yet.
    const heldBytes = process.memoryUsage().rss - before;
    t.diagnostic(
      `${status}: ${Math.round(tookMs[500] ?? 0)} ms (median), ${Math.round(tookMs[990] ?? 0)} ms (p99), ${(heldBytes / 2 ** 20).toFixed(1)} MiB held`,
    );
    assert.ok((tookMs[500] ?? 0) < 50);
    assert.ok(heldBytes < 64 * 2 ** 20, `${heldBytes} bytes are held`);
  }
  assert.deepEqual(upstream.arrived, []);
});

// A12 of the test catalogue.
test('a client cannot take security fields away by naming them in Connection, nor add any in trailers', async () => {
  await using upstream = await recordingUpstream();
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const refused = [
    'Authorization',
    'Cookie',
    'Host',
    'Content-Length',
    'Content-Type',
    'Transfer-Encoding',
    'Traceparent',
    'Idempotency-Key',
    'Origin',
    'Sec-Fetch-Site',
    'Via',
  ];
  const ours = [
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'Forwarded',
    'Dure-Request-Id',
    'Dure-Timeout-Ms',
    'Keep-Alive',
    'TE',
    'Upgrade',
  ];
  const names = [...refused, ...ours].flatMap((name) => [
    name,
    name.toLowerCase(),
    `close, ${name}`,
    `${name}, x-hop`,
    `,${name},`,
  ]);
  for (const name of names) {
    await sendRaw(
      gateway.port,
      head('GET /things/7 HTTP/1.1', `Connection: ${name}`, 'Connection: close', 'Authorization: Bearer ann'),
    );
  }
  const trailers = 'Authorization: Bearer eve\r\nHost: evil\r\nDure-Request-Id: x\r\nX-Forwarded-For: 6.6.6.6\r\n';
  const chunked = head(
    'POST /orders HTTP/1.1',
    'Transfer-Encoding: chunked',
    'Trailer: authorization',
    'TE: trailers',
    'Connection: close',
  );
  await sendRaw(gateway.port, `${chunked}2\r\n{}\r\n0\r\n${trailers}\r\n`);
  assert.equal(upstream.arrived.length, ours.length * 5 + 1);
  for (const { method, fields } of upstream.arrived) {
    const values = (name: string) => fields.filter(([known]) => known === name).map(([, value]) => value);
    assert.deepEqual(values('authorization'), method === 'GET' ? ['Bearer things for ann'] : []);
    assert.deepEqual(values('x-forwarded-for'), ['127.0.0.1']);
    for (const name of [
      'traceparent',
      'dure-request-id',
      'dure-timeout-ms',
      'x-forwarded-host',
      'forwarded',
      'via',
      'host',
    ]) {
      assert.equal(values(name).length, 1, name);
    }
    const asked = method === 'GET' ? [] : ['trailers', 'te']; // by the gateway itself, for a client that takes trailers
    assert.deepEqual([...values('te'), ...values('trailer'), ...values('connection')], asked);
  }
  assert.deepEqual(upstream.wrong, []);
});
