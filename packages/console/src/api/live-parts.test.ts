import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { LogLine } from '../contract.ts';
import { eventStream } from '../site/event-stream.ts';
import { testLog } from '../testing/telemetry-store-contract.ts';
import { askInstance } from './ask-instance.ts';
import { healthWatch } from './health-watch.ts';
import { logTail } from './log-tail.ts';
import { processFacts } from './process-facts.ts';

const line = (id: number, change = {}): LogLine => ({ ...testLog(change), id });
const instance = (number: number) => ({
  id: `order:${number}`,
  service: 'order',
  host: '127.0.0.1',
  port: 1,
  managementPort: number,
  zone: undefined,
  metadata: {},
});

test('a follower gets the lines that meet its filter, until it leaves', async () => {
  const tail = logTail();
  const leave = new AbortController();
  const lines = tail.follow({ level: 'warn' }, leave.signal)[Symbol.asyncIterator]();
  const first = lines.next();
  tail.publish([line(1), line(2, { level: 'error' })]);
  assert.equal((await first).value?.id, 2);
  const waiting = lines.next();
  assert.equal(tail.followers, 1);
  leave.abort();
  assert.equal((await waiting).done, true);
  assert.equal(tail.followers, 0);
});

test('a follower that reads too slowly misses the oldest lines and holds up nobody', async () => {
  const tail = logTail();
  const leave = new AbortController();
  const lines = tail.follow({}, leave.signal)[Symbol.asyncIterator]();
  const first = lines.next();
  tail.publish([line(1)]);
  await first;
  for (let id = 2; id <= 5_000; id += 1) tail.publish([line(id)]);
  assert.equal((await lines.next()).value?.id, 4_001);
  leave.abort();
});

test('a quiet stream is kept open by comments, and ends when the reader leaves', async () => {
  const clock = fakeClock();
  const leave = new AbortController();
  const tail = logTail();
  const events = eventStream(tail.follow({}, leave.signal), clock, leave.signal);
  assert.equal((await events.next()).value, 'retry: 2000\n\n');
  const quiet = events.next();
  await clock.advance(15_000);
  assert.equal((await quiet).value, ': \n\n');
  const next = events.next();
  tail.publish([line(7)]);
  assert.match((await next).value ?? '', /^id: 7\ndata: \{.*\}\n\n$/);
  const last = events.next();
  leave.abort();
  await clock.advance(15_000);
  assert.equal((await last).done, true);
  assert.equal(tail.followers, 0);
  assert.equal(clock.pending, 0);
});

test('health is asked when somebody looks, at most every two seconds', async () => {
  const clock = fakeClock();
  let asked = 0;
  const watch = healthWatch(clock, async () => {
    asked += 1;
    return { status: 'UP' };
  });
  assert.equal(clock.pending, 0, 'nobody looks: nothing is asked');
  await watch.ask([instance(1)]);
  await watch.ask([instance(1)]);
  assert.equal(asked, 1);
  await clock.advance(2_000);
  await watch.ask([instance(1), instance(2)]);
  assert.equal(asked, 3);
});

test('an instance that does not answer within a second is offline, also when no token can be had', async () => {
  const clock = fakeClock();
  const hanging = healthWatch(
    clock,
    askInstance(
      clock,
      () => new Promise(() => {}),
      async () => 'Bearer t',
    ),
  );
  const found = hanging.ask([instance(1)]);
  await clock.advance(1_000);
  assert.equal((await found).get('order:1')?.status, 'OFFLINE');
  const tokenless = healthWatch(
    clock,
    askInstance(
      clock,
      async () => ({ status: 'UP' }),
      () => Promise.reject(new TypeError('no key')),
    ),
  );
  assert.equal((await tokenless.ask([instance(1)])).get('order:1')?.status, 'OFFLINE');
});

test('nonsense as health is unknown health', async () => {
  for (const answer of [null, 'UP', [], { status: 'FINE' }, { status: 'UP', components: { a: 1 } }]) {
    const watch = healthWatch(fakeClock(), async () => answer);
    const health = (await watch.ask([instance(1)])).get('order:1');
    assert.ok(health?.status === 'UNKNOWN' || health?.status === 'UP');
  }
});

test('the share of a processor is the growth of its time between two reports', () => {
  const facts = processFacts();
  const report = (name: string, value: number, time: number) =>
    facts.add([{ service: 'order', instance: 'order:1', name, value, time }]);
  report('process_resident_memory_bytes', 80e6, 0);
  report('process_cpu_seconds', 1, 10_000);
  assert.deepEqual(facts.of('order', 'order:1'), { residentBytes: 80e6 });
  report('process_cpu_seconds', 3.5, 20_000);
  assert.equal(facts.of('order', 'order:1')?.cpuRatio, 0.25);
  report('process_cpu_seconds', 0.1, 30_000); // it was started again
  assert.equal(facts.of('order', 'order:1')?.cpuRatio, 0.25);
  assert.equal(facts.of('order', 'other'), undefined);
});
