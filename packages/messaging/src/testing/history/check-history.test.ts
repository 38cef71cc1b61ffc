import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { AnomalyKind } from './anomaly.ts';
import { checkHistory } from './check-history.ts';
import type { History, HistoryEffect, HistoryEntry, HistoryMessage, HistoryPoll, HistoryUnit } from './history.ts';
import { HistoryRecorder } from './history-recorder.ts';

/** `order:k.a` is the message `a` of the key `k` in the log of `order`. Those of `order` are wanted by `ledger`, all others by nobody. */
function message(text: string): HistoryMessage {
  const [log = '', key = '', id = ''] = text.split(/[:.]/);
  return { log, key, id, wantedBy: log === 'order' ? ['ledger'] : [] };
}

const unit = (beganMs: number, endedMs: number, outcome: HistoryUnit['outcome'], ...writes: string[]): HistoryUnit => ({
  writes: writes.map(message),
  outcome,
  beganMs,
  endedMs,
});
const entries = (...ids: string[]): HistoryEntry[] =>
  ids.map((text) => {
    const [position, id = ''] = text.split(' ');
    return { position: Number(position), id };
  });
const poll = (after: number, mark: number, ...ids: string[]): HistoryPoll => ({
  ...{ reader: 'r', log: 'order', after, mark, entries: entries(...ids), continues: after > 0, endedMs: 100 },
});
const effect = (of: string, ...writes: string[]): HistoryEffect => ({
  consumer: 'ledger',
  of,
  writes: writes.map(message),
});

/** Two writers that overlap, one who came later, one that failed, and two of whom nobody knows; what `ledger` made of it stands in its own log. */
const healthy: History = {
  units: [
    unit(1, 5, 'ok', 'order:k.a', 'order:l.b'),
    unit(2, 4, 'ok', 'order:k.c'),
    unit(6, 7, 'ok', 'order:k.d'),
    unit(6, 7, 'failed', 'order:k.e'),
    unit(6, 7, 'unknown', 'order:l.f', 'order:l.g'),
    unit(6, 7, 'unknown', 'order:l.h'),
  ],
  // Position 3 was drawn and rolled back.
  logs: { order: entries('1 a', '2 b', '4 c', '5 f', '6 g', '8 d'), ledger: entries('1 x', '2 y') },
  polls: [poll(0, 3, '1 a', '2 b'), poll(3, 5, '4 c', '5 f'), poll(5, 9, '6 g', '8 d')],
  effects: [effect('a', 'ledger:k.x'), effect('b'), effect('f'), effect('c', 'ledger:k.y'), effect('g'), effect('d')],
  acknowledged: [
    { consumer: 'ledger', of: 'a' },
    { consumer: 'ledger', of: 'd' },
  ],
};

const kindsIn = (history: History) => [...new Set(checkHistory(history).map(({ kind }) => kind))].sort();
const changed = (change: Partial<History>): History => ({ ...healthy, ...change });
const without = (of: string) => healthy.effects.filter((one) => one.of !== of);

/** Each with the finding that it was made for, and what else follows from the same. */
const broken: Readonly<Record<AnomalyKind, readonly [history: History, also?: readonly AnomalyKind[]]>> = {
  lostWrite: [changed({ units: [...healthy.units, unit(8, 9, 'ok', 'order:m.lost')] })],
  abortedRead: [changed({ polls: [poll(0, 4, '1 a', '2 b', '3 e', '4 c')] })],
  vanishedRead: [changed({ polls: [poll(0, 4, '1 a', '2 b', '3 h', '4 c')] })],
  phantom: [changed({ effects: [...healthy.effects, effect('nobody')] })],
  duplicate: [changed({ polls: [poll(0, 4, '1 a', '2 b', '3 a', '4 c')] })],
  inconsistentPosition: [
    changed({ polls: [poll(0, 2, '1 a', '2 b'), poll(2, 4, '4 h')] }),
    ['skippedPoll', 'vanishedRead'],
  ],
  tornUnit: [
    changed({
      logs: { ...healthy.logs, order: entries('1 a', '2 b', '4 c', '6 g', '8 d') },
      polls: [],
      effects: without('f'),
    }),
  ],
  reorderedInUnit: [changed({ units: healthy.units.map((one) => ({ ...one, writes: one.writes.toReversed() })) })],
  reorderedInTime: [
    changed({
      units: [unit(1, 5, 'ok', 'order:k.a', 'order:l.b'), unit(8, 9, 'ok', 'order:k.c'), ...healthy.units.slice(2)],
    }),
  ],
  nonmonotonicPoll: [changed({ polls: [poll(0, 5, '1 a', '2 b', '4 c', '5 f'), poll(4, 9, '5 f', '6 g', '8 d')] })],
  skippedPoll: [changed({ polls: [poll(0, 5, '1 a', '2 b', '5 f'), poll(5, 9, '6 g', '8 d')] })],
  prematureRead: [changed({ polls: [{ ...poll(0, 4, '1 a', '2 b', '4 c'), endedMs: 1.5 }] })],
  doubledEffect: [changed({ effects: [...healthy.effects, effect('a')] })],
  reorderedEffect: [changed({ effects: [effect('d'), ...without('d')] })],
  skippedEffect: [changed({ effects: without('f') })],
  unseen: [changed({ effects: without('g') })],
  forgottenEffect: [changed({ effects: without('d') }), ['unseen']],
  writeCycle: [
    changed({
      units: [...healthy.units, unit(1, 9, 'ok', 'order:m.o', 'order:n.p'), unit(1, 9, 'ok', 'order:m.q', 'order:n.s')],
      logs: { ...healthy.logs, order: [...(healthy.logs.order ?? []), ...entries('10 o', '11 s', '12 q', '13 p')] },
      effects: [...healthy.effects, ...['o', 's', 'q', 'p'].map((id) => effect(id))],
    }),
    ['reorderedInUnit'],
  ],
  // What was made of `o` stands before what was written together with `o`.
  informationCycle: [
    changed({
      units: [...healthy.units, unit(1, 9, 'ok', 'order:m.o', 'ledger:z.p')],
      logs: { order: [...(healthy.logs.order ?? []), ...entries('10 o')], ledger: entries('1 x', '2 y', '3 q', '4 p') },
      effects: [...healthy.effects, effect('o', 'ledger:z.q')],
    }),
  ],
};

describe('the checker of histories', () => {
  test('finds nothing in a history in which all is as it should be', () => {
    assert.deepEqual(checkHistory(healthy), []);
  });

  test('takes no gap of positions, no unknown outcome and no choice of another place for a fault', () => {
    const rereads = changed({ polls: [...healthy.polls, { ...poll(1, 4, '2 b', '4 c'), continues: false }] });
    assert.deepEqual(checkHistory(rereads), []);
    const nothingOfUnknown = changed({
      logs: { ...healthy.logs, order: entries('10 a', '20 b', '40 c', '41 d') },
      polls: [],
      effects: healthy.effects.filter(({ of }) => !['f', 'g'].includes(of)),
    });
    assert.deepEqual(checkHistory(nothingOfUnknown), []);
  });

  for (const [kind, [history, also = []]] of Object.entries(broken)) {
    test(`finds ${kind}`, () => {
      assert.deepEqual(kindsIn(history), [kind, ...also].sort());
    });
  }

  test('says where, of which message and why', () => {
    const [found] = checkHistory(broken.skippedPoll[0]);
    assert.deepEqual(found, {
      kind: 'skippedPoll',
      where: 'r',
      ids: ['c'],
      told: 'c at 4 was not in the poll of (0, 5]',
    });
  });

  test('finds a reader that leaves out a range between two polls', () => {
    assert.deepEqual(kindsIn(changed({ polls: [poll(0, 2, '1 a', '2 b'), poll(5, 9, '6 g', '8 d')] })), [
      'skippedPoll',
    ]);
  });

  test('finds an effect whose own message is not in the log', () => {
    const logs = { ...healthy.logs, ledger: entries('2 y') };
    assert.deepEqual(kindsIn(changed({ logs })), ['tornUnit']);
  });
});

describe('the recorder of histories', () => {
  test('takes what a unit of work had written before it began again for rolled back', async () => {
    const clock = fakeClock();
    const recorder = new HistoryRecorder(clock);
    const recording = recorder.unit();
    recording.starts();
    recording.wrote(message('order:k.a'));
    await clock.advance(5);
    recording.starts();
    recording.wrote(message('order:k.b'));
    recording.ends('ok');
    const { units } = recorder.history({ logs: {}, effects: [] });
    assert.deepEqual(
      units.map(({ outcome, writes }) => `${outcome} ${writes.map(({ id }) => id)}`),
      ['failed a', 'ok b'],
    );
    assert.deepEqual(recorder.size, { units: 2, unknown: 0, failed: 1, polls: 0, acknowledged: 0 });
  });
});
