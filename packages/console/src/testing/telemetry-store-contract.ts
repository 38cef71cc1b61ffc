import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewLog, StoredSpan, StoreLimits, TelemetryStore } from '../store/telemetry-store.port.ts';

/** Opens an empty store with these limits in place of its own. */
export type OpenStore = (limits?: Partial<StoreLimits>) => Promise<TelemetryStore>;

const start = Date.UTC(2026, 0, 1);

/** A span for a test: one of service `order` that started `atMs` after the new year of 2026. */
export function testSpan(change: Partial<StoredSpan> & { readonly atMs?: number } = {}): StoredSpan {
  const { atMs = 0, ...rest } = change;
  return {
    traceId: 'a'.repeat(32),
    spanId: '1'.repeat(16),
    parentId: undefined,
    service: 'order',
    instance: 'order:1',
    operation: 'order.place',
    kind: 'server',
    startUs: (start + atMs) * 1_000,
    durationUs: 1_000,
    failed: false,
    code: undefined,
    error: undefined,
    refusal: undefined,
    remoteService: undefined,
    attributes: {},
    events: [],
    ...rest,
  };
}

/** A log line for a test. */
export function testLog(change: Partial<NewLog> & { readonly atMs?: number } = {}): NewLog {
  const { atMs = 0, ...rest } = change;
  const line = {
    time: start + atMs,
    level: 'info',
    service: 'order',
    instance: 'order:1',
    message: 'placed',
    fields: {},
  };
  return { ...line, level: 'info', ...rest };
}

const traceId = (number: number) => number.toString(16).padStart(32, '0');
const spanId = (number: number) => number.toString(16).padStart(16, '0');

/** What every `TelemetryStore` does; an adapter runs this in its own test file. */
export function telemetryStoreContract(name: string, open: OpenStore): void {
  const fact = (text: string, limits: Partial<StoreLimits>, run: (store: TelemetryStore) => Promise<void>) =>
    test(`${name}: ${text}`, async () => {
      const store = await open(limits);
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });

  fact('a trace is given back as it was kept, by start', {}, async (store) => {
    const child = testSpan({
      spanId: spanId(2),
      parentId: spanId(1),
      atMs: 5,
      failed: true,
      code: 'X_Y',
      error: 'no',
      refusal: 'OutOfStock',
      remoteService: 'stock',
      attributes: { text: 'a "quoted" 값', count: 1.5, yes: true },
      events: [{ name: 'e', atUs: 12, attributes: { a: 1 } }],
    });
    const root = testSpan({ spanId: spanId(1) });
    await store.addSpans([child, root]);
    assert.deepEqual(await store.trace(root.traceId), [root, child]);
    assert.deepEqual(await store.trace(traceId(9)), []);
  });

  fact('a span that arrives twice is kept once, and is not new the second time', {}, async (store) => {
    const [span, twin] = [testSpan(), testSpan({ kind: 'client' })];
    assert.deepEqual(await store.addSpans([span, span, twin]), [span, twin]);
    assert.deepEqual(await store.addSpans([twin, span]), []);
    assert.equal((await store.trace(span.traceId)).length, 2);
    assert.equal(store.stats().spans, 2);
    assert.equal((await store.findTraces({ limit: 9 })).traces[0]?.spans, 2);
  });

  fact('a summary grows as spans arrive in any order', {}, async (store) => {
    await store.addSpans([
      testSpan({
        spanId: spanId(3),
        parentId: spanId(2),
        service: 'stock',
        atMs: 20,
        durationUs: 500_000,
        failed: true,
      }),
    ]);
    const [early] = (await store.findTraces({ limit: 9 })).traces;
    assert.deepEqual([early?.service, early?.complete, early?.errors], ['stock', false, 1]);
    await store.addSpans([
      testSpan({ spanId: spanId(2), parentId: spanId(1), service: 'gateway', operation: 'proxy', atMs: -1 }),
      testSpan({ spanId: spanId(1), atMs: 0, durationUs: 60_000 }),
    ]);
    assert.deepEqual((await store.findTraces({ limit: 9 })).traces, [
      {
        traceId: 'a'.repeat(32),
        service: 'order',
        operation: 'order.place',
        startedAt: start - 1,
        durationMs: 521,
        spans: 3,
        errors: 1,
        services: [
          { service: 'gateway', spans: 1, errors: 0 },
          { service: 'order', spans: 1, errors: 0 },
          { service: 'stock', spans: 1, errors: 1 },
        ],
        complete: true,
      },
    ]);
  });

  fact('traces are found by every criterion, newest first', {}, async (store) => {
    await store.addSpans([
      testSpan({ traceId: traceId(1), atMs: 0, durationUs: 5_000, attributes: { 'order.id': 'O-1_%"x' } }),
      testSpan({ traceId: traceId(2), atMs: 10, durationUs: 50_000, service: 'stock', operation: 'stock.reserve' }),
      testSpan({ traceId: traceId(3), atMs: 20, durationUs: 500_000, failed: true }),
      testSpan({ traceId: traceId(3), spanId: spanId(7), parentId: '1'.repeat(16), service: 'stock', atMs: 21 }),
    ]);
    const found = async (filter: object) =>
      (await store.findTraces({ limit: 10, ...filter })).traces.map((trace) => Number.parseInt(trace.traceId, 16));
    assert.deepEqual(await found({}), [3, 2, 1]);
    assert.deepEqual(await found({ service: 'stock' }), [3, 2]);
    assert.deepEqual(await found({ service: 'stock', operation: 'stock.reserve' }), [2]);
    assert.deepEqual(await found({ service: 'order', operation: 'stock.reserve' }), []);
    assert.deepEqual(await found({ minDurationMs: 50 }), [3, 2]);
    assert.deepEqual(await found({ maxDurationMs: 50 }), [2, 1]);
    assert.deepEqual(await found({ failed: true }), [3]);
    assert.deepEqual(await found({ failed: false }), [2, 1]);
    assert.deepEqual(await found({ since: start + 10 }), [3, 2]);
    assert.deepEqual(await found({ until: start + 10 }), [2, 1]);
    assert.deepEqual(await found({ text: 'o-1_%' }), [1]);
    assert.deepEqual(await found({ text: 'RESERVE' }), [2]);
    assert.deepEqual(await found({ text: traceId(3).slice(-8) }), [3]);
    assert.deepEqual(await found({ service: "x' or 1=1 --" }), []);
    const page = await store.findTraces({ limit: 2 });
    assert.deepEqual([page.traces.length, page.more], [2, true]);
    assert.equal((await store.findTraces({ limit: 3 })).more, false);
  });

  fact('a search looks through many traces of one moment', {}, async (store) => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      testSpan({ traceId: traceId(index + 1), service: index === 7 ? 'rare' : 'order' }),
    );
    await store.addSpans(many);
    const { traces } = await store.findTraces({ service: 'rare', limit: 5 });
    assert.deepEqual(
      traces.map((trace) => trace.traceId),
      [traceId(8)],
    );
    const all = await store.findTraces({ limit: 6_000 });
    assert.equal(new Set(all.traces.map((trace) => trace.traceId)).size, 5_000);
  });

  fact('log lines are numbered in order and found by every criterion, newest first', {}, async (store) => {
    const lines = await store.addLogs([
      testLog({ atMs: 1, message: 'started', level: 'debug' }),
      testLog({
        atMs: 2,
        service: 'stock',
        instance: 'stock:1',
        level: 'warn',
        code: 'STOCK_LOW',
        traceId: traceId(1),
        spanId: spanId(1),
      }),
      testLog({
        atMs: 3,
        level: 'error',
        message: 'Broken "값"',
        fields: { sku: 'A-1', nested: { deep: [1] } },
        traceId: traceId(1),
      }),
    ]);
    const [one, two, three] = lines.map(({ id }) => id);
    assert.ok(one !== undefined && two !== undefined && three !== undefined && one < two && two < three);
    const found = async (filter: object) => (await store.findLogs({ limit: 10, ...filter })).logs.map(({ id }) => id);
    assert.deepEqual((await store.findLogs({ limit: 10 })).logs, [...lines].reverse());
    assert.deepEqual(await found({ service: 'stock' }), [two]);
    assert.deepEqual(await found({ instance: 'order:1' }), [three, one]);
    assert.deepEqual(await found({ level: 'warn' }), [three, two]);
    assert.deepEqual(await found({ traceId: traceId(1) }), [three, two]);
    assert.deepEqual(await found({ traceId: traceId(1), level: 'error' }), [three]);
    assert.deepEqual(await found({ text: 'a-1' }), [three]);
    assert.deepEqual(await found({ text: 'stock_low' }), [two]);
    assert.deepEqual(await found({ text: '값' }), [three]);
    assert.deepEqual(await found({ text: '%' }), []);
    assert.deepEqual(await found({ since: start + 2, until: start + 2 }), [two]);
    assert.deepEqual(await found({ before: three }), [two, one]);
    const page = await store.findLogs({ limit: 2 });
    assert.deepEqual([page.logs.length, page.more], [2, true]);
  });

  fact('the names that were seen are listed by service', {}, async (store) => {
    await store.addSpans([
      testSpan({ operation: 'b' }),
      testSpan({ spanId: spanId(2), operation: 'a', remoteService: 'stock' }),
      testSpan({ spanId: spanId(3), service: 'gateway', operation: 'proxy' }),
    ]);
    await store.addLogs([testLog({ service: 'registry' })]);
    assert.deepEqual(
      [...store.names()],
      [
        ['gateway', { operations: ['proxy'], remoteServices: [] }],
        ['order', { operations: ['a', 'b'], remoteServices: ['stock'] }],
        ['registry', { operations: [], remoteServices: [] }],
      ],
    );
  });

  fact('the spans since a moment are listed', {}, async (store) => {
    await store.addSpans([1, 2, 3].map((at) => testSpan({ spanId: spanId(at), atMs: at * 1_000 })));
    const seen: string[] = [];
    for await (const batch of store.spansSince(start + 2_000)) seen.push(...batch.map((span) => span.spanId));
    assert.deepEqual(seen.sort(), [spanId(2), spanId(3)]);
  });

  fact('beyond the limits the oldest whole traces and lines go', { spans: 6, logs: 2 }, async (store) => {
    for (const number of [1, 2, 3, 4]) {
      const trace = { traceId: traceId(number), atMs: number };
      await store.addSpans([testSpan(trace), testSpan({ ...trace, spanId: spanId(2) })]);
      await store.addLogs([testLog({ atMs: number, message: String(number) })]);
    }
    assert.equal(await store.trim(start + 1_000), 4);
    assert.deepEqual(
      (await store.findTraces({ limit: 9 })).traces.map((trace) => Number(trace.traceId)),
      [4, 3, 2],
    );
    assert.deepEqual(
      (await store.findLogs({ limit: 9 })).logs.map((line) => line.message),
      ['4', '3'],
    );
    assert.deepEqual(await store.trace(traceId(1)), []);
    const { spans, logs } = store.stats();
    assert.deepEqual([spans, logs], [6, 2]);
    assert.equal(await store.trim(start + 1_000), 0);
  });

  fact('what is too old goes', { ageMs: 60_000 }, async (store) => {
    await store.addSpans([testSpan({ traceId: traceId(1) }), testSpan({ traceId: traceId(2), atMs: 50_000 })]);
    await store.addLogs([testLog(), testLog({ atMs: 50_000 })]);
    assert.equal(await store.trim(start + 70_000), 2);
    assert.equal(store.stats().oldestAt, start + 50_000);
  });

  fact('a trace keeps a bounded number of spans', { spansPerTrace: 3 }, async (store) => {
    const spans = [1, 2, 3, 4, 5].map((number) => testSpan({ spanId: spanId(number), atMs: number }));
    assert.equal((await store.addSpans(spans)).length, 3);
    assert.equal((await store.trace('a'.repeat(32))).length, 3);
  });
}
