import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { errorCatalogue, plainOperation, Refusal, stack } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { SpanKind } from './telemetry.ts';
import { memoryTelemetry } from './testing/memory-telemetry.ts';
import { traced } from './traced.ts';

const text = { title: 't', fix: 'f' };
const errors = errorCatalogue('TRACEDTEST', {
  BAD_INPUT: { kind: 'invalid', en: text, ko: text },
  GONE: { kind: 'cancelled', en: text, ko: text },
  BROKEN: { kind: 'internal', en: text, ko: text },
});

async function spanOf(kind: SpanKind, run: (call: Call) => unknown) {
  const telemetry = memoryTelemetry();
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  const call = testCall({ operation: plainOperation('stock', 'reserve'), trace });
  const handler = stack(traced<string, unknown>(telemetry, kind))(async (_input, inner) => run(inner));
  await handler('in', call).catch(() => undefined);
  const [span] = telemetry.spans;
  assert.ok(span);
  return { span, call };
}

test('a span covers the call, bears its name and is the parent of what happens inside', async () => {
  const inside: Call[] = [];
  const { span, call } = await spanOf('client', (inner) => inside.push(inner));
  assert.equal(span.name, 'stock.reserve');
  assert.equal(span.kind, 'client');
  assert.equal(span.parentId, call.trace.spanId);
  assert.deepEqual(inside[0]?.trace, span.context);
});

test('the first span of a new trace is its root and keeps the id of the trace', () => {
  const { trace } = testCall();
  const telemetry = memoryTelemetry();
  telemetry.startSpan('first', { parent: trace }).end();
  const [span] = telemetry.spans;
  assert.deepEqual([span?.parentId, span?.context.traceId], [undefined, trace.traceId]);
});

test('a failure marks the span with its code', async () => {
  const { span } = await spanOf('server', () => {
    throw errors.BROKEN('no');
  });
  assert.deepEqual(span.failure, { code: 'TRACEDTEST_BROKEN', message: 'no' });
});

test('a refusal is marked and does not fail the span', async () => {
  const { span } = await spanOf('server', () => {
    throw new Refusal({ service: 'stock', operation: 'reserve', code: 'OutOfStock', data: {}, status: 409 });
  });
  assert.equal(span.failure, undefined);
  assert.equal(span.attributes['dure.refusal'], 'OutOfStock');
});

test("a caller's mistake fails the caller's span and not the answering service's", async () => {
  const fail = () => {
    throw errors.BAD_INPUT('sku is missing');
  };
  assert.equal((await spanOf('server', fail)).span.failure, undefined);
  assert.equal((await spanOf('server', fail)).span.attributes['dure.code'], 'TRACEDTEST_BAD_INPUT');
  assert.equal((await spanOf('client', fail)).span.failure?.code, 'TRACEDTEST_BAD_INPUT');
});

test('a caller who left is no failure', async () => {
  const { span } = await spanOf('client', () => {
    throw errors.GONE('left');
  });
  assert.equal(span.failure, undefined);
});
