import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saga } from './saga-builder.ts';
import { send } from './send.ts';
import { crashEverywhere } from './testing/crash-everywhere.ts';
import { sampleAnswers, sampleCommands, sampleInput, sampleSaga } from './testing/sample-saga.ts';

const input = { orderId: 'o-1', count: 2 };
const { reserve, release, capture } = sampleCommands;
const options = { input: sampleInput, key: ({ orderId }: typeof input) => orderId };

test('the sample saga survives every refusal, timeout, repetition and overtaking', () => {
  const report = crashEverywhere(sampleSaga, { input, answers: sampleAnswers });
  assert.ok(report.states > 5_000, String(report.states));
  assert.ok(report.completed > 0 && report.compensated > 0);
});

test('without the fence of its participants it does not', () => {
  assert.throws(
    () => crashEverywhere(sampleSaga, { input, answers: sampleAnswers, fenced: false }),
    /buy: ("do reserve" was carried out 2 times|it was compensated, but reserve stays done)\n {2}after: /,
  );
});

test('a compensation that needs a result which nobody may have is found, with the way that leads there', () => {
  const careless = saga('careless', options)
    .step(
      'reserve',
      send(reserve, (c) => c.input),
      {
        undo: send(release, (c) => {
          if (c.result === undefined) throw new TypeError('no reservation');
          return { orderId: c.input.orderId, reservationId: c.result.reservationId };
        }),
        attempts: 1,
      },
    )
    .end();
  assert.throws(
    () => crashEverywhere(careless, { input, answers: sampleAnswers }),
    /careless: it is stuck: reserve could not build stock.release: no reservation\n {2}after: it starts; time passes/,
  );
});

test('a step that ought to be undone and is declared not to be stays visible', () => {
  const kept = saga('kept', options)
    .step(
      'reserve',
      send(reserve, (c) => c.input),
      { nothingToUndo: 'it expires by itself' },
    )
    .pivot(
      'capture',
      send(capture, (c) => ({ orderId: c.input.orderId, authorisationId: 'a' })),
    )
    .end();
  assert.ok(crashEverywhere(kept, { input, answers: sampleAnswers }).compensated > 0);
});
