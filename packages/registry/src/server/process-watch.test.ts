import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { ProcessWatch } from './process-watch.ts';
import type { ProbeResult } from './tcp-probe.ts';

function open(probes: Readonly<Record<string, ProbeResult>> = {}, otherwise: ProbeResult = 'open') {
  const clock = fakeClock();
  const died: string[] = [];
  const changes: string[] = [];
  const current = new Map(Object.entries(probes));
  let silent = new Set<string>();
  const closers = new Map<string, () => void>();
  const watch = new ProcessWatch({
    clock,
    graceMs: 300,
    answerMs: 2_000,
    massLossShare: 0.5,
    probe: async (process) => current.get(process) ?? otherwise,
    pingAll() {
      for (const process of closers.keys()) ping(process);
    },
    died: (process) => died.push(process),
    changed: (process) => changes.push(`${process} ${watch.liveness(process) ?? 'well'}`),
  });
  function ping(process: string): void {
    watch.pinged(process);
    if (!silent.has(process)) clock.after(1, () => watch.answered(process));
  }
  const start = (...processes: string[]) => {
    for (const process of processes) closers.set(process, watch.opened(process));
  };
  const drop = (...processes: string[]) => {
    for (const process of processes) {
      closers.get(process)?.();
      closers.delete(process);
    }
  };
  const silence = (...processes: string[]) => {
    silent = new Set(processes);
  };
  /** Every process is pinged every five seconds, out of step. */
  const live = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      let index = 0;
      for (const process of [...closers.keys()]) {
        if (second % 5 === index % 5) ping(process);
        index += 1;
      }
      await clock.advance(1_000);
    }
  };
  return { clock, watch, died, changes, current, start, drop, silence, live };
}

test('a process dies when its last stream has been closed for the grace', async () => {
  const { clock, watch, died } = open();
  const first = watch.opened('p');
  const second = watch.opened('p');
  first();
  first();
  await clock.advance(1_000);
  assert.deepEqual(died, [], 'one is still open');
  second();
  await clock.advance(299);
  const third = watch.opened('p');
  await clock.advance(1_000);
  assert.deepEqual(died, [], 'it came back in time');
  third();
  await clock.advance(300);
  assert.deepEqual(died, ['p']);
  assert.equal(clock.pending, 0);
});

test('several that break in one moment are probed: who listens stays, who is refused goes at once', async () => {
  const { clock, died, start, drop, watch } = open({ b: 'refused' });
  start('a', 'b', 'c', 'd');
  drop('a', 'b', 'c');
  await clock.advance(310);
  assert.deepEqual(died, ['b']);
  assert.deepEqual([watch.liveness('a'), watch.liveness('d')], ['suspect', undefined]);
  watch.opened('a');
  assert.equal(watch.liveness('a'), undefined, 'it came back');
});

test('a partition from most live processes empties no list, however long it lasts', async () => {
  const { clock, died, start, drop, watch } = open({}, 'unreachable');
  start('a', 'b', 'c', 'd', 'e');
  drop('a', 'b', 'c', 'd');
  await clock.advance(600_000);
  assert.deepEqual(died, []);
  for (const process of ['a', 'b', 'c', 'd']) watch.opened(process);
  watch.close();
  assert.equal(clock.pending, 0);
});

test('a suspect that stops listening is gone as soon as a probe is refused', async () => {
  const { clock, died, start, drop, current } = open();
  start('a', 'b');
  drop('a', 'b');
  await clock.advance(5_000);
  assert.deepEqual(died, []);
  current.set('a', 'refused');
  await clock.advance(1_000);
  assert.deepEqual(died, ['a']);
});

test('an open stream with an unanswered ping means busy, not dead, and an answer ends it', async () => {
  const { died, changes, start, live, silence } = open();
  start('a', 'b', 'c');
  silence('a');
  await live(120);
  assert.deepEqual(died, []);
  assert.deepEqual(changes, ['a busy']);
  silence();
  await live(6);
  assert.deepEqual(changes, ['a busy', 'a well']);
});

test('a host that is lost while its stream looks open is noticed by probes within ten seconds', async () => {
  const { died, start, live, silence, current } = open();
  start('a', 'b', 'c', 'd', 'e');
  await live(10);
  silence('b');
  current.set('b', 'unreachable');
  await live(11);
  assert.deepEqual(died, ['b']);
});

test('when most hosts are lost while their streams look open, nobody is given up', async () => {
  const { died, start, live, silence, current } = open();
  start('a', 'b', 'c', 'd', 'e');
  await live(10);
  silence('b', 'c', 'd');
  for (const process of ['b', 'c', 'd']) current.set(process, 'unreachable');
  await live(300);
  assert.deepEqual(died, []);
  silence();
  await live(20);
  assert.deepEqual(died, []);
});

test('a process that was told to come back later is not given up meanwhile', async () => {
  const { clock, died, start, drop, watch } = open();
  start('a', 'b');
  drop('a');
  await clock.advance(100);
  watch.heard('a');
  await clock.advance(20_000);
  assert.deepEqual(died, []);
  watch.opened('a');
  assert.equal(watch.liveness('a'), undefined);
});

test('a registry that stops gives nobody up', async () => {
  const { clock, died, start, drop, watch } = open();
  start('a', 'b');
  watch.close();
  drop('a', 'b');
  await clock.advance(10_000);
  assert.deepEqual(died, []);
  assert.equal(clock.pending, 0);
});
