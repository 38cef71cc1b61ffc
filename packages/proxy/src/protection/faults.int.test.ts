import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { openEdge } from '../testing/open-edge.ts';
import { rawClient } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';
import type { FaultOptions } from './faults.ts';
import { faults } from './faults.ts';

async function open(options: Omit<FaultOptions, 'clock' | 'random' | 'until'>, lastsMs = 60_000) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const layer = faults({ clock, random: seededRandom(3), until: clock.now() + lastsMs, ...options });
  const edge = await openEdge([layer], { clock, telemetry });
  const ask = async (headers: Record<string, string> = {}) => {
    const answer = await fetch(edge.origin, { headers });
    return { status: answer.status, fault: answer.headers.get('dure-fault'), text: await answer.text() };
  };
  return { ask, clock, edge, telemetry, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

test('a request is answered with the status of the fault, which says that it is one', async () => {
  await using under = await open({ abort: 502 });
  const { status, fault, text } = await under.ask();
  assert.deepEqual([status, fault, JSON.parse(text).code], [502, 'abort=502', 'GATEWAY_FAULT_INJECTED']);
  assert.equal(under.edge.arrived.length, 0);
  assert.equal(under.edge.notes[0], 'fault: injected: abort=502');
  assert.match(JSON.stringify(under.telemetry.spans), /"dure\.fault":"abort=502"/);
});

test('a request goes on when the delay is over', async () => {
  await using under = await open({ delay: 300 });
  const timers = under.clock.pending;
  const asked = under.ask();
  await until('the request is held up', () => under.clock.pending > timers + 1);
  await under.clock.advance(299);
  assert.equal(under.edge.arrived.length, 0);
  await under.clock.advance(1);
  const { status, fault, text } = await asked;
  assert.deepEqual([status, fault, text], [200, 'delay=300', 'ok']);
});

test('whoever leaves during the delay is not waited for', async () => {
  await using under = await open({ delay: 300 });
  const timers = under.clock.pending;
  const client = rawClient(under.edge.port);
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await until('the request is held up', () => under.clock.pending > timers + 1);
  const held = under.clock.pending;
  client.socket.destroy();
  await until('the wait is given up', () => under.clock.pending < held);
  await under.clock.advance(300);
  assert.equal(under.edge.arrived.length, 0);
});

test('a request may be hung up on, also after a delay', async () => {
  await using under = await open({ delay: 10, abort: 'connection' });
  const timers = under.clock.pending;
  const client = rawClient(under.edge.port);
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await until('the request is held up', () => under.clock.pending > timers + 1);
  await under.clock.advance(10);
  assert.equal(await client.ended(), '');
});

test('it strikes the share that was asked for', async () => {
  await using under = await open({ abort: 500, percentage: 25 });
  let struck = 0;
  for (let count = 0; count < 200; count += 1) if ((await under.ask()).status === 500) struck += 1;
  assert.ok(struck > 35 && struck < 65, `${struck} of 200`);
});

test('it strikes only requests with the field, and the value, that it is for', async () => {
  await using named = await open({ abort: 500, when: { header: 'x-chaos' } });
  assert.deepEqual([(await named.ask()).status, (await named.ask({ 'X-Chaos': 'any' })).status], [200, 500]);
  await using valued = await open({ abort: 500, when: { header: 'x-chaos', value: 'yes' } });
  const statuses = [(await valued.ask({ 'x-chaos': 'no' })).status, (await valued.ask({ 'x-chaos': 'yes' })).status];
  assert.deepEqual(statuses, [200, 500]);
});

test('it ends by itself', async () => {
  await using under = await open({ abort: 500 }, 1_000);
  assert.equal((await under.ask()).status, 500);
  await under.clock.advance(1_000);
  const { status, fault } = await under.ask();
  assert.deepEqual([status, fault], [200, null]);
});

test('a fault without an end, or of no known kind, is refused when the layer is made', () => {
  const clock = fakeClock();
  const good: FaultOptions = { clock, random: seededRandom(1), until: clock.now() + 1_000, abort: 500 };
  const nonsense: readonly Partial<FaultOptions>[] = [
    { until: Number.POSITIVE_INFINITY },
    { until: Number.NaN },
    { until: clock.now() + 8 * 86_400_000 },
    { abort: 200 },
    { delay: 60_001 },
    { percentage: 101 },
    { when: { header: 'x chaos' } },
  ];
  for (const change of nonsense)
    assert.throws(() => faults({ ...good, ...change }), { code: 'GATEWAY_PROTECTION_INVALID' });
});
