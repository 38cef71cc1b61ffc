import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeOf } from '@dure/core';
import { telemetryStoreContract, testLog, testSpan } from '../testing/telemetry-store-contract.ts';
import { sqliteTelemetryStore } from './sqlite-telemetry-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'dure-console-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => {
  files += 1;
  return join(folder, String(files), 'telemetry.sqlite');
};

telemetryStoreContract('sqlite', async (limits) => sqliteTelemetryStore({ file: newFile(), limits: limits ?? {} }));

test('what is kept survives a restart, with its numbers and names', async () => {
  const file = newFile();
  const before = sqliteTelemetryStore({ file });
  await before.addSpans([testSpan(), testSpan({ spanId: '2'.repeat(16), remoteService: 'stock' })]);
  const [line] = await before.addLogs([testLog()]);
  await before.close();
  const after = sqliteTelemetryStore({ file });
  assert.deepEqual(await after.addSpans([testSpan()]), [], 'it is known still');
  assert.equal((await after.trace('a'.repeat(32))).length, 2);
  assert.equal(after.stats().spans, 2);
  assert.deepEqual([...after.names()], [['order', { operations: ['order.place'], remoteServices: ['stock'] }]]);
  const [next] = await after.addLogs([testLog()]);
  assert.ok((next?.id ?? 0) > (line?.id ?? 0), 'ids never come again');
  await after.close();
});

test('what was committed survives a killed process', async () => {
  const file = newFile();
  const store = sqliteTelemetryStore({ file });
  await store.addSpans([testSpan()]);
  const other = sqliteTelemetryStore({ file }); // as a process sees it that starts while nothing was closed
  assert.equal(other.stats().spans, 1);
  await other.close();
  await store.close();
});

test('a broken file is set aside, said so, and a new one begun', async () => {
  const file = newFile();
  await sqliteTelemetryStore({ file }).close();
  writeFileSync(file, 'this is no database '.repeat(500));
  const said: string[] = [];
  const store = sqliteTelemetryStore({ file, onSetAside: (why) => said.push(why) });
  assert.match(said[0] ?? '', /not a database/);
  await store.addSpans([testSpan()]);
  assert.deepEqual(
    readdirSync(join(file, '..')).filter((name) => name.endsWith('.old')),
    ['telemetry.sqlite.old'],
  );
  await store.close();
});

test('the file is readable for its owner only', async () => {
  const file = newFile();
  const store = sqliteTelemetryStore({ file });
  assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  await store.close();
});

test('a folder that cannot be used is named', () => {
  writeFileSync(join(folder, 'occupied'), '');
  const file = join(folder, 'occupied', 'telemetry.sqlite');
  assert.throws(
    () => sqliteTelemetryStore({ file }),
    (error) => codeOf(error) === 'CONSOLE_STORE_BROKEN' && String(error).includes(file),
  );
});

test('the file stays below its limit of bytes', async () => {
  const store = sqliteTelemetryStore({ file: newFile(), limits: { bytes: 1_000_000 } });
  const attributes = { text: 'x'.repeat(1_000) };
  for (let round = 0; round < 4; round += 1) {
    const spans = Array.from({ length: 1_000 }, (_, index) =>
      testSpan({
        traceId: (round * 1_000 + index + 1).toString(16).padStart(32, '0'),
        atMs: round * 1_000 + index,
        attributes,
      }),
    );
    await store.addSpans(spans);
    await store.trim(Date.UTC(2026, 0, 1));
    assert.ok(store.stats().bytes <= 1_000_000, `${store.stats().bytes}`);
  }
  const newest = (await store.findTraces({ limit: 1 })).traces[0];
  assert.equal(newest?.traceId, (4_000).toString(16).padStart(32, '0'));
  await store.close();
});

test('the event loop is never held up for long while much is stored and searched', async () => {
  const store = sqliteTelemetryStore({ file: newFile() });
  const spans = Array.from({ length: 20_000 }, (_, index) =>
    testSpan({
      traceId: (Math.floor(index / 8) + 1).toString(16).padStart(32, '0'),
      spanId: (index + 1).toString(16).padStart(16, '0'),
      atMs: index,
    }),
  );
  // What the thread itself did between two turns of the loop: on a busy machine time goes by without it.
  const workedMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let last = workedMs();
  let watching = true;
  const watch = () => {
    const now = workedMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(watch);
  };
  watch();
  await store.addSpans(spans);
  await store.findTraces({ text: 'nowhere', limit: 10 });
  await store.findLogs({ text: 'nowhere', limit: 10 });
  watching = false;
  await store.close();
  assert.ok(longest < 250, `${longest} ms`);
});
