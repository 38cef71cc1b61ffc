import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { telemetryErrors } from './errors.ts';
import { memorySink } from './line-sink.ts';
import type { LogRecord } from './log.ts';
import { logger } from './log.ts';
import type { LogLevel } from './log-levels.ts';
import { levelBook } from './log-levels.ts';

function log(level: LogLevel = 'debug') {
  const sink = memorySink();
  const records: LogRecord[] = [];
  const clock = fakeClock();
  const written = logger({
    service: 'order',
    instance: 'order:1',
    now: () => clock.now(),
    threshold: levelBook('order', level).thresholdOf('order'),
    sink,
    onLine: (line) => void records.push(line),
  });
  const last = () => JSON.parse(sink.lines.at(-1) ?? '{}') as Record<string, unknown>;
  return { written, sink, records, last };
}

test('a line has the keys of pino and ours, and links to its span', () => {
  const { written, last } = log();
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  written.info('order placed', { orderId: 'o-1', lines: 2, trace });
  assert.deepEqual(last(), {
    level: 30,
    time: Date.UTC(2026, 0, 1),
    service: 'order',
    instance: 'order:1',
    msg: 'order placed',
    traceId: trace.traceId,
    spanId: trace.spanId,
    orderId: 'o-1',
    lines: 2,
  });
});

test('an error is written with its code, message, details and causes', () => {
  const { written, last, records } = log();
  const cause = new TypeError('socket closed');
  written.error('cannot reserve', {
    error: telemetryErrors.OPTION_INVALID('no stock service', { cause, details: { host: 'h', apiKey: 'k' } }),
  });
  const line = last();
  assert.equal(line.code, 'TELEMETRY_OPTION_INVALID');
  assert.deepEqual(line.err, {
    type: 'DureError',
    code: 'TELEMETRY_OPTION_INVALID',
    message: 'no stock service',
    details: { host: 'h', apiKey: '***' },
    cause: { type: 'TypeError', message: 'socket closed' },
  });
  assert.equal(records[0]?.code, 'TELEMETRY_OPTION_INVALID');
});

test('a defect is written with its stack', () => {
  const { written, last } = log();
  written.error('broken', { error: new TypeError('x is undefined') });
  assert.match(String((last().err as Record<string, unknown>).stack), /log\.test\.ts/);
});

test('no secret reaches a line, however deep it lies', () => {
  const { written, sink, records } = log();
  const secret = 'hunter2hunter2';
  written.warn(`connect postgres://order:${secret}@127.0.0.1:5432/order with Bearer ${secret}`, {
    password: secret,
    headers: { Authorization: `Bearer ${secret}`, cookie: secret, 'x-api-key': secret },
    users: [{ name: 'ann', passwordHash: secret, nested: { refreshToken: secret } }],
    jwt: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln',
    error: telemetryErrors.OPTION_INVALID(`amqp://u:${secret}@h`, { details: { clientSecret: secret } }),
  });
  assert.doesNotMatch(sink.lines.join(), /hunter2|eyJhb/);
  assert.doesNotMatch(JSON.stringify(records), /hunter2|eyJhb/);
  assert.match(sink.lines.join(), /"name":"ann"/);
});

test('whatever is logged, the line stays one valid JSON object', () => {
  const { written, sink } = log();
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const values = [
    cycle,
    1n,
    Symbol('s'),
    Number.NaN,
    null,
    undefined,
    new Map([['a', 1]]),
    new Set([1]),
    new Date(Number.NaN),
  ];
  written.info('line\nbreak "quoted" \u2028', {
    values,
    long: 'x'.repeat(100_000),
    many: Array.from({ length: 10_000 }, (_, index) => index),
    buffer: new Uint8Array(3),
    clock: systemClock,
    level: 'not the level',
    msg: 'not the message',
  });
  const line = JSON.parse(sink.lines[0] ?? '') as Record<string, unknown>;
  assert.equal(line.level, 30);
  assert.equal(line.level_, 'not the level');
  assert.ok((sink.lines[0] ?? '').length < 20_000);
});

test('lines below the level are not written', () => {
  const { written, sink } = log('warn');
  written.debug('a');
  written.info('b');
  written.warn('c');
  written.error('d');
  assert.deepEqual(
    sink.lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['c', 'd'],
  );
});

test('what says how it is shown is written so: a configuration without its secrets, a link without its password', () => {
  const { written, last } = log();
  const config = { note: 'hunter2', lines: 5 };
  Object.defineProperty(config, 'toJSON', { value: () => ({ note: '***', lines: 5 }) });
  const broken = { toJSON: () => assert.fail('broken'), note: 'hunter2' };
  written.info('configured', { config, nested: [{ config }], url: new URL('http://kim:hunter2@host/'), broken });
  const shown = { note: '***', lines: 5 };
  const { nested, url, broken: instead, config: first } = last();
  assert.deepEqual([first, nested, url, instead], [shown, [{ config: shown }], 'http://kim:***@host/', '{…}']);
});
