import { test } from 'node:test';
import type { StepContext } from './saga.ts';
import { saga } from './saga-builder.ts';
import { send } from './send.ts';
import { sampleAnswers, sampleCommands, sampleInput, sampleSaga } from './testing/sample-saga.ts';
import { spec } from './testing/spec.ts';

const input = { orderId: 'o-1', count: 2 };
const start = () => spec(sampleSaga).start(input);
const authorising = () => start().replies('reserve', sampleAnswers.reserve);
const atCapture = () => authorising().replies('authorise', sampleAnswers.authorise).replies('notify');

test('a step is sent again at once when an operator says so', () => {
  const waiting = start().operates({ do: 'retry' }).expectSent('reserve');
  waiting.replies('reserve', sampleAnswers.reserve).expectSent('authorise');
});

test('a step is skipped with a result that fits its contract, and no other', () => {
  start()
    .refusesOperator({ do: 'skip', step: 'reserve', result: { reservationId: 7 } }, /does not fit .* expected string/)
    .refusesOperator({ do: 'skip', step: 'ship' }, /ship is not begun/)
    .operates({ do: 'skip', step: 'reserve', result: sampleAnswers.reserve })
    .expectSent('authorise')
    .refusesOperator({ do: 'skip', step: 'reserve', result: sampleAnswers.reserve }, /reserve is done/);
});

test('before the pivot a saga is called off, and what may have been done is undone; after it, it is not', () => {
  authorising()
    .operates({ do: 'undo' }, 'mina', 'the customer rang')
    .expectWhy({ reason: 'called-off', by: 'mina', text: 'the customer rang' })
    .refusesOperator({ do: 'undo' }, /turned back already/)
    .expectUndone('authorise', 'reserve')
    .refusesOperator({ do: 'retry' }, /it is compensated/);
  atCapture().refusesOperator({ do: 'undo' }, /its pivot has been sent/);
});

test('what somebody has seen to be undone need not be undone', () => {
  authorising()
    .refuses('authorise', 'Declined')
    .refuses('reserve', 'No')
    .expectState('needs-operator')
    .refusesOperator({ do: 'undone', step: 'authorise', evidence: 'x' }, /authorise is refused/)
    .operates({ do: 'undone', step: 'reserve', evidence: 'the shelf is full' })
    .expectState('compensated');
});

test('while a saga is held its time stands still, and answers are noted', () => {
  const held = spec({ ...sampleSaga, deadlineMs: 2_000 })
    .start(input)
    .operates({ do: 'pause' })
    .expectState('paused');
  held
    .refusesOperator({ do: 'retry' }, /it is paused/)
    .passes(86_400_000)
    .replies('reserve', sampleAnswers.reserve)
    .expectSteps('reserve done')
    .operates({ do: 'resume' })
    .expectState('running')
    .expectSent('authorise')
    .passes(1_999)
    .expectState('running')
    .passes(1)
    .expectState('compensating');
  authorising()
    .operates({ do: 'pause' })
    .passes(60_000)
    .operates({ do: 'resume' })
    .passes(999)
    .expectSteps('reserve done', 'authorise sent');
});

test('the deadline can be moved until it no longer counts', () => {
  const moved = spec({ ...sampleSaga, deadlineMs: 1_500 })
    .start(input)
    .replies('reserve', sampleAnswers.reserve);
  moved
    .refusesOperator({ do: 'extend', byMs: 0.5 }, /whole milliseconds/)
    .operates({ do: 'extend', byMs: 60_000 })
    .passes(1_500)
    .expectState('running');
  atCapture().refusesOperator({ do: 'extend', byMs: 1 }, /no deadline/);
});

test('a step is sent again with other data, from then on', () => {
  start()
    .refusesOperator({ do: 'replace', step: 'reserve', data: {} }, /does not fit .* expected string/)
    .operates({ do: 'replace', step: 'reserve', data: { orderId: 'o-1', count: 1 } })
    .expectSent('reserve', 'do', { orderId: 'o-1', count: 1 })
    .timesOut()
    .expectSent('reserve', 'do', { orderId: 'o-1', count: 1 });
});

type Known = StepContext<{ readonly orderId: string }>;
const { reserve, release } = sampleCommands;
const inner = saga('inner', { input: sampleInput, key: ({ orderId }) => orderId })
  .step(
    'reserve',
    send(reserve, (c) => c.input),
    { undo: send(release, ({ input: { orderId } }: Known) => ({ orderId })) },
  )
  .end();

test('what another saga is about to answer is called off there', () => {
  const outer = saga('outer', { input: sampleInput, key: ({ orderId }) => orderId })
    .sub('inner', inner, (c) => c.input, { nothingToUndo: 'it undoes itself' })
    .end();
  spec(outer)
    .start(input)
    .refusesOperator({ do: 'undo' }, /inner is a saga of its own/)
    .operates({ do: 'retry' });
});
