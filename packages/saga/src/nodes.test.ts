import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { event } from '@dure/messaging';
import type { StepContext, UndoContext } from './saga.ts';
import { saga } from './saga-builder.ts';
import { send } from './send.ts';
import type { CrashOptions } from './testing/crash-everywhere.ts';
import { crashEverywhere } from './testing/crash-everywhere.ts';
import type { SampleTx } from './testing/sample-saga.ts';
import { sampleCommands, sampleInput } from './testing/sample-saga.ts';
import { spec } from './testing/spec.ts';

const { reserve, release, authorise, cancel, capture, ship, notify } = sampleCommands;
const options = { input: sampleInput, key: ({ orderId }: { readonly orderId: string }) => orderId };
const input = { orderId: 'o-1', count: 2 };
type Known = StepContext<{ readonly orderId: string; readonly count: number }>;
const order = ({ input: { orderId } }: Known) => ({ orderId });
const reserving = send(reserve, (c: Known) => c.input);
const releasing = { undo: send(release, order), timeoutMs: 1_000, attempts: 2 };
const authorising = send(authorise, order);
const cancelling = { undo: send(cancel, order), timeoutMs: 1_000, attempts: 2 };
const capturing = send(capture, (c: Known) => ({ ...order(c), authorisationId: 'a-1' }));
const shipping = send(ship, order);
const mailing = send(notify, order);
const ok = { reservationId: 'r-1' };
const held = { authorisationId: 'a-1' };
const answers = {
  reserve: ok,
  authorise: held,
  'hold.stock': ok,
  'hold.money': held,
  'after.ship': { shipmentId: 's-1' },
};

const grouped = saga('grouped', options)
  .step('reserve', reserving, releasing)
  .parallel('hold', (group) => group.branch('stock', reserving, releasing).branch('money', authorising, cancelling))
  .pivot(
    'capture',
    send(capture, (c) => ({ orderId: c.input.orderId, authorisationId: c.done.hold.money.authorisationId })),
  )
  .parallel('after', (group) => group.branch('ship', shipping).branch('mail', mailing))
  .end({ completed: (tx: SampleTx, { done }) => tx.set('o-1', done.after.ship.shipmentId) });

const holding = () => spec(grouped).start(input).replies('reserve', ok);

test('the branches of a group are sent together, and what follows waits for all', () => {
  holding()
    .expectSteps('reserve done', 'hold.stock sent', 'hold.money sent')
    .replies('hold.money', held)
    .expectSteps('reserve done', 'hold.stock sent', 'hold.money done')
    .replies('hold.stock', ok)
    .expectSent('capture', 'do', { orderId: 'o-1', authorisationId: 'a-1' })
    .replies('capture')
    .replies('after.mail')
    .expectState('running')
    .replies('after.ship', { shipmentId: 's-1' })
    .expectState('completed');
});

test('a refusal waits for the other branches, then everything is undone in reverse order of completion, groups together', () => {
  const refused = holding()
    .refuses('hold.money', 'Declined')
    .expectState('running')
    .expectSteps('reserve done', 'hold.stock sent', 'hold.money refused');
  refused
    .replies('hold.stock', ok)
    .expectWhy({ reason: 'refused', step: 'hold.money', code: 'Declined', data: {} })
    .expectUndone('hold.stock', 'reserve');
  holding()
    .replies('hold.money', held)
    .replies('hold.stock', ok)
    .refuses('capture', 'Expired')
    .expectSteps('reserve done', 'hold.stock undoing', 'hold.money undoing', 'capture refused')
    .expectUndone('hold.stock', 'hold.money', 'reserve');
});

test('a branch that is never answered counts as unknown, and is undone with the others', () => {
  holding()
    .refuses('hold.stock', 'OutOfStock', { available: 0 })
    .passes(3_000)
    .expectWhy({ reason: 'refused', step: 'hold.stock', code: 'OutOfStock', data: { available: 0 } })
    .expectUndone('hold.money', 'reserve');
});

test('a branch after the pivot that needs an operator does not hold up the others', () => {
  const waiting = holding().replies('hold.stock', ok).replies('hold.money', held).replies('capture');
  waiting
    .refuses('after.ship', 'NoCarrier')
    .expectState('needs-operator')
    .replies('after.mail')
    .expectState('needs-operator')
    .receives('after.ship', 'do', { ok: true, value: { shipmentId: 's-1' } })
    .expectState('completed');
});

const large = saga('large', options)
  .when(
    'large',
    (c) => c.input.count > 1,
    (way) => way.step('authorise', authorising, cancelling),
    (way) => way.step('notify', mailing, { nothingToUndo: 'a mail' }),
  )
  .step(
    'reserve',
    send(reserve, (c) => ({ orderId: c.done.authorise?.authorisationId ?? 'none', count: 1 })),
    releasing,
  )
  .end();

test('one of two ways is gone, and the choice is kept', () => {
  spec(large)
    .start(input)
    .expectSteps('large chosen', 'authorise sent')
    .replies('authorise', held)
    .expectSent('reserve', 'do', { orderId: 'a-1', count: 1 })
    .refuses('reserve', 'OutOfStock', { available: 0 })
    .expectUndone('authorise');
  spec(large)
    .start({ orderId: 'o-1', count: 1 })
    .replies('notify')
    .expectSent('reserve', 'do', { orderId: 'none', count: 1 })
    .replies('reserve', ok)
    .expectState('completed');
});

const fan = (join: 'all' | 'any' | 2, attempts = 1) =>
  saga('fan', options)
    .each(
      'each',
      (c) => ['a', 'b', 'c'].slice(0, c.input.count),
      (one) => one.send(reserve, (c) => ({ orderId: c.item, count: c.index })),
      { ...releasing, attempts, most: 2, join },
    )
    .end();

test('a fan-out sends at most so many at once, and knows item and index', () => {
  spec(fan('all'))
    .start({ orderId: 'o', count: 3 })
    .expectSteps('each chosen', 'each.0 sent', 'each.1 sent')
    .replies('each.1', ok)
    .expectSent('each.2', 'do', { orderId: 'c', count: 2 })
    .replies('each.0', ok)
    .replies('each.2', ok)
    .expectState('completed');
  spec(fan('all')).start({ orderId: 'o', count: 0 }).expectSteps('each chosen').passes(0).expectState('completed');
});

test('a fan-out that needs all begins no more once one is refused', () => {
  spec(fan('all'))
    .start({ orderId: 'o', count: 3 })
    .refuses('each.0', 'OutOfStock', { available: 0 })
    .replies('each.1', ok)
    .expectUndone('each.1')
    .expectSteps('each chosen', 'each.0 refused', 'each.1 undone');
});

test('a fan-out that needs some goes on without the others, and takes back what may have been done of them', () => {
  spec(fan('any'))
    .start({ orderId: 'o', count: 3 })
    .replies('each.1', ok)
    .timesOut()
    .expectSteps('each chosen', 'each.0 undoing', 'each.1 done')
    .replies('each.0')
    .expectState('completed');
  spec(fan(2))
    .start({ orderId: 'o', count: 3 })
    .refuses('each.0', 'OutOfStock', { available: 0 })
    .refuses('each.1', 'OutOfStock', { available: 0 })
    .replies('each.2', ok)
    .expectUndone('each.2');
});

const local = saga('local', options)
  .step('reserve', reserving, releasing)
  .local('number', (_tx: SampleTx, c) => c.done.reserve.reservationId, { undo: (_tx: SampleTx, c) => void c.result })
  .pivot('capture', capturing)
  .local('note', (tx: SampleTx) => tx.set('noted', true))
  .end();

test('a local step runs at once, and its undo as well', () => {
  spec(local)
    .start(input)
    .runs('number', { ok: true, value: 7 })
    .replies('reserve', ok)
    .expectSteps('reserve done', 'number done', 'capture sent')
    .refuses('capture', 'Expired')
    .expectUndone('number', 'reserve');
});

test('a local step that fails is done again, at last needs an operator; one that refuses turns the saga back', () => {
  const failing = spec(local).start(input).runs('number', { ok: false, message: 'no disk' }).replies('reserve', ok);
  failing.expectSteps('reserve done', 'number sent').passes(1_000_000).expectState('needs-operator');
  failing.runs('number', { ok: true, value: 1 }).operates({ do: 'retry' }).expectSent('capture');
  spec(local)
    .start(input)
    .runs('number', { ok: false, refusal: { code: 'Taken', data: {} } })
    .replies('reserve', ok)
    .expectWhy({ reason: 'refused', step: 'number', code: 'Taken', data: {} })
    .expectUndone('reserve');
});

const anything: Schema<{ readonly by: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { by: string } }) },
};
const approved = event('desk.approved', { schema: anything, key: ({ by }) => by });
const waiting = (otherwise: 'turn-back' | 'go-on') =>
  saga('waiting', options)
    .step('reserve', reserving, releasing)
    .wait('approval', approved, { key: (c) => c.input.orderId, timeoutMs: 60_000, otherwise })
    .sleep('pause', 5_000)
    .pivot('capture', capturing)
    .end();

test('a wait ends with its event, or when its time is up', () => {
  const begun = () =>
    spec(waiting('turn-back')).start(input).replies('reserve', ok).expectSteps('reserve done', 'approval sent');
  begun()
    .happens('approval', { by: 'mina' })
    .passes(4_999)
    .expectSteps('reserve done', 'approval done', 'pause sent')
    .passes(1)
    .expectSent('capture');
  begun().passes(60_000).expectWhy({ reason: 'timed-out', step: 'approval' }).expectUndone('reserve');
  spec(waiting('go-on')).start(input).replies('reserve', ok).passes(65_000).expectSent('capture');
});

const within = saga('within', options)
  .step('reserve', reserving, releasing)
  .sub('inner', fan('all'), (c) => c.input, { undo: send(cancel, order) })
  .pivot('capture', capturing)
  .end();

test('a saga may be a step of another; its end is the answer', () => {
  spec(within)
    .start(input)
    .replies('reserve', ok)
    .passes(86_400_000)
    .expectSteps('reserve done', 'inner sent')
    .refuses('inner', 'OutOfStock')
    .expectUndone('reserve');
  spec(within)
    .start(input)
    .replies('reserve', ok)
    .replies('inner', {})
    .refuses('capture', 'Expired')
    .expectUndone('inner', 'reserve');
});

const asking = saga('asking', options)
  .step('reserve', reserving, {
    ...releasing,
    status: send({ ...notify, output: undefined } as never, order as never) as never,
  })
  .step('authorise', authorising, cancelling)
  .end();

test('a step whose outcome is unknown is asked for before it is given up', () => {
  const silent = () => spec(asking).start(input).timesOut().timesOut().expectSent('reserve', 'ask');
  silent().replies('reserve', { done: true, result: ok }).expectSent('authorise').expectState('running');
  silent()
    .replies('reserve', { done: false })
    .expectWhy({ reason: 'timed-out', step: 'reserve' })
    .expectUndone('reserve');
  silent().timesOut().timesOut().expectState('compensating').expectUndone('reserve');
  silent().receives('reserve', 'do', { ok: true, value: ok }).expectSent('authorise');
});

const claiming = saga('claiming', options)
  .step(
    'reserve',
    send({ ...reserve, claims: { resources: ({ orderId }) => [orderId] } }, (c) => c.input),
    releasing,
  )
  .step('authorise', authorising, cancelling)
  .end();
const busy = (policy: string) => ({ ok: false as const, refusal: { code: 'Busy', data: { policy } } });

const everything = {
  grouped,
  large,
  all: fan('all'),
  any: fan('any'),
  two: fan(2),
  local,
  'turn back': waiting('turn-back'),
  'go on': waiting('go-on'),
  within,
  asking,
  claiming,
} as const;

for (const [name, definition] of Object.entries(everything)) {
  test(`whatever happens, "${name}" ends with nothing half-done`, () => {
    const told: CrashOptions<typeof input> = { input, answers: { ...answers, each: ok }, faults: 1, timeouts: 1 };
    const { states, completed } = crashEverywhere(definition as typeof large, told);
    assert.ok(states > 20 && completed > 0, `${states} states, ${completed} completed`);
  });
}

test('what another saga holds is asked for again; the younger saga gives up in the end, the older does not', () => {
  const waiting = spec(claiming).start(input);
  for (let time = 0; time < 9; time += 1)
    waiting.receives('reserve', 'do', busy('wait')).timesOut().expectSent('reserve');
  waiting.expectState('running').replies('reserve', ok).expectSent('authorise');
  spec(claiming)
    .start(input)
    .receives('reserve', 'do', busy('die'))
    .passes(200)
    .expectSent('reserve')
    .receives('reserve', 'do', busy('die'))
    .expectWhy({ reason: 'refused', step: 'reserve', code: 'Busy', data: { policy: 'die' } })
    .expectUndone('reserve');
  spec(claiming).start(input).receives('reserve', 'do', busy('refuse')).expectUndone('reserve');
});

test('where a saga claims, its end is told', () => {
  const { sent } = spec(claiming)
    .start(input)
    .replies('reserve', ok)
    .replies('authorise', held)
    .expectState('completed');
  const { service, name, direction } = sent.at(-1) ?? {};
  assert.deepEqual([service, name, direction], ['stock', 'saga-ended', 'end']);
});

test('a group whose undo forgets a branch is found', () => {
  const broken = saga('broken', options)
    .parallel('hold', (group) =>
      group.branch('stock', reserving, releasing).branch('money', authorising, {
        undo: send(cancel, (c: UndoContext<typeof input>) => {
          if (c.result === undefined) throw new TypeError('nothing known');
          return order(c);
        }),
        attempts: 1,
      }),
    )
    .end();
  assert.throws(
    () => crashEverywhere(broken, { input, answers }),
    /broken: it is stuck: hold.money could not build money.cancel/,
  );
});
