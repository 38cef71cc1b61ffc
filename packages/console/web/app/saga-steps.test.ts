import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SagaDetail } from '../../src/saga-contract.ts';
import { offeredActions, orderFrom } from './saga-orders.ts';
import { barOf, stepRows } from './saga-steps.ts';

const none = { step: '', result: '', data: '', evidence: '', minutes: '', by: 'mina', why: 'she said so' };

/** A trip whose room is held, whose approval is waited for, and whose guests come last. */
function trip(change: Partial<SagaDetail> = {}): SagaDetail {
  return {
    now: 5_000,
    service: 'trip',
    id: '01930000-0000-7000-8000-000000000001',
    saga: 'book-trip',
    version: 1,
    key: 't-1',
    state: 'running',
    startedAt: 1_000,
    deadlineAt: 60_000,
    input: {},
    steps: [
      { step: 'hold.room', state: 'done', result: { roomId: 'r' } },
      { step: 'approval', state: 'sent', attempts: 3, waits: { event: 'trip.approved', key: 't-1' } },
    ],
    plan: [
      { step: 'hold.room', kind: 'compensatable', node: 'command', does: 'hotel.hold' },
      { step: 'approval', kind: 'compensatable', node: 'wait', does: 'trip.approved' },
      { step: 'pay', kind: 'pivot', node: 'command', does: 'till.take' },
      { step: 'vouchers.*', kind: 'retriable', node: 'command', does: 'till.writeVoucher' },
    ],
    history: [
      { at: 1_000, what: 'started' },
      { at: 1_000, what: 'sent', step: 'hold.room', direction: 'do', attempt: 1 },
      { at: 2_000, what: 'timed-out', step: 'hold.room', direction: 'do', attempt: 1 },
      { at: 2_000, what: 'sent', step: 'hold.room', direction: 'do', attempt: 2 },
      { at: 3_000, what: 'done', step: 'hold.room', direction: 'do', attempt: 2 },
      { at: 3_000, what: 'waiting', step: 'approval' },
    ],
    ...change,
  };
}

const phases = (saga: SagaDetail) => stepRows(saga).map(({ step, phase }) => `${step} ${phase}`);
const actions = (saga: SagaDetail) => offeredActions(saga).map(({ action }) => action);

test('steps stand in the order in which they began, then those to come, with times and attempts from the history', () => {
  const rows = stepRows(trip());
  assert.deepEqual(phases(trip()), ['hold.room done', 'approval waiting', 'pay next', 'vouchers.* next']);
  const [room, approval, pay] = rows;
  assert.deepEqual(
    [room?.beganAt, room?.endedAt, room?.attempts, room?.does, room?.failure],
    [1_000, 3_000, 2, 'hotel.hold', undefined],
  );
  assert.deepEqual(
    [approval?.beganAt, approval?.endedAt, approval?.attempts, pay?.isPivot],
    [3_000, undefined, 0, true],
  );
});

test('the items of a fan-out take the place of its step in the plan', () => {
  const saga = trip({ steps: [{ step: 'vouchers.0', state: 'sent', attempts: 1 }], history: [] });
  assert.equal(stepRows(saga)[0]?.does, 'till.writeVoucher');
  assert.ok(!phases(saga).includes('vouchers.* next'));
});

test('a step that waits for an operator is stuck, and says what went wrong last', () => {
  const failed = { at: 4_000, what: 'failed', step: 'hold.room', direction: 'undo' as const, detail: 'no such room' };
  const saga = trip({
    state: 'needs-operator',
    steps: [{ step: 'hold.room', state: 'undoing', attempts: 10, problem: 'ten attempts have failed' }],
    history: [{ at: 3_500, what: 'turned-back' }, failed],
  });
  assert.deepEqual(phases(saga), ['hold.room stuck', 'approval unreached', 'pay unreached', 'vouchers.* unreached']);
  assert.equal(stepRows(saga)[0]?.failure, failed);
});

test('bars lie between the start of the saga and its end, or now', () => {
  assert.deepEqual(barOf({ beganAt: 2_000, endedAt: 3_000 }, trip()), { from: 0.25, width: 0.25 });
  assert.deepEqual(barOf({ beganAt: 3_000, endedAt: undefined }, trip()), { from: 0.5, width: 0.5 });
  assert.equal(barOf({ beganAt: undefined, endedAt: undefined }, trip()), undefined);
  assert.deepEqual(barOf({ beganAt: 1_000, endedAt: 1_000 }, trip({ finishedAt: 1_000 })), { from: 0, width: 0 });
});

test('only what the state of a saga allows is offered', () => {
  assert.deepEqual(actions(trip()), ['retry', 'skip', 'replace', 'undo', 'extend', 'pause', 'migrate']);
  assert.deepEqual(actions(trip({ state: 'paused' })), ['resume', 'extend']);
  assert.deepEqual(actions(trip({ state: 'completed' })), []);
  const decided = { ...trip({ steps: [{ step: 'pay', state: 'sent' }] }) };
  assert.ok(!actions(decided).includes('undo'));
  const back = trip({ state: 'needs-operator', history: [{ at: 1, what: 'turned-back' }] });
  assert.deepEqual(
    offeredActions(back).find(({ action }) => action === 'undone'),
    { action: 'undone', steps: ['hold.room'] },
  );
});

test('an order holds what its action needs, and names the field that makes no sense', () => {
  const who = { by: 'mina', why: 'she said so' };
  assert.deepEqual(orderFrom('retry', { ...none, step: 'x', data: '{' }), { action: 'retry', ...who });
  assert.deepEqual(orderFrom('extend', { ...none, minutes: '1.5' }), { action: 'extend', byMs: 90_000, ...who });
  assert.deepEqual(orderFrom('extend', { ...none, minutes: 'soon' }), { wrong: 'minutes' });
  assert.deepEqual(orderFrom('skip', { ...none, step: 'pay' }), { action: 'skip', step: 'pay', ...who });
  assert.deepEqual(orderFrom('skip', { ...none, step: 'pay', result: '{"a":1}' }), {
    ...{ action: 'skip', step: 'pay', result: { a: 1 } },
    ...who,
  });
  assert.deepEqual(orderFrom('replace', { ...none, step: 'pay', data: '{' }), { wrong: 'data' });
  assert.deepEqual(orderFrom('undone', { ...none, step: 'pay', evidence: 'seen' }), {
    ...{ action: 'undone', step: 'pay', evidence: 'seen' },
    ...who,
  });
});
