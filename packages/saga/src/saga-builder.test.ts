import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { beginSaga } from './begin-saga.ts';
import { saga } from './saga-builder.ts';
import { send } from './send.ts';
import { sampleCommands, sampleInput, sampleSaga } from './testing/sample-saga.ts';

const { reserve, notify } = sampleCommands;
const options = { input: sampleInput, key: ({ orderId }: { orderId: string }) => orderId };
const doing = send(reserve, (c: { readonly input: { readonly orderId: string; readonly count: number } }) => c.input);
const nothingToUndo = 'it expires';
const kit = { clock: fakeClock(), ids: testIds() };

test('a definition is plain data: its shape, and the commands whose replies it waits for', () => {
  assert.equal(
    sampleSaga.shape,
    'reserve:compensatable:stock.reserve/stock.release authorise:compensatable:money.authorise/money.cancel notify:compensatable:mail.notify capture:pivot:money.capture ship:retriable:carrier.ship',
  );
  assert.deepEqual(
    sampleSaga.sends.map(({ service, name }) => `${service}.${name}`),
    [
      'stock.reserve',
      'stock.release',
      'money.authorise',
      'money.cancel',
      'mail.notify',
      'money.capture',
      'carrier.ship',
    ],
  );
});

test('a builder is immutable: two sagas may grow from one beginning', () => {
  const beginning = saga('two', options).step('reserve', doing, { nothingToUndo });
  const mail = send(notify, () => ({ orderId: 'o' }));
  assert.equal(beginning.step('a', mail, { nothingToUndo }).end().nodes.length, 2);
  assert.equal(beginning.pivot('b', mail).end().nodes.length, 2);
  assert.equal(beginning.end().nodes.length, 1);
});

test('what makes no sense in a definition is refused at once', () => {
  const invalid = (message: RegExp) => ({ code: 'SAGA_DEFINITION_INVALID', message });
  const draft = saga('s', options);
  assert.throws(() => saga('Not a name', options), invalid(/"Not a name" is not a name/));
  assert.throws(() => saga('s', { ...options, version: 0 }), invalid(/s: `version` is 0/));
  assert.throws(() => saga('s', { ...options, deadlineMs: 0.5 }), invalid(/`deadlineMs` is 0.5/));
  assert.throws(() => saga('s', { ...options, keepFinishedMs: -1 }), invalid(/`keepFinishedMs` is -1/));
  assert.throws(() => draft.step('1st', doing, { nothingToUndo }), invalid(/"s.1st" is not a name/));
  assert.throws(() => draft.step('a', doing, { nothingToUndo, timeoutMs: 0 }), invalid(/s.a: `timeoutMs` is 0/));
  assert.throws(() => draft.step('a', doing, { nothingToUndo, attempts: 0 }), invalid(/s.a: `attempts` is 0/));
  assert.throws(() => draft.end(), invalid(/has no steps/));
  const twice = draft.step('a', doing, { nothingToUndo }) as unknown as typeof draft;
  assert.throws(() => twice.step('a', doing, { nothingToUndo }), invalid(/two steps called "a"/));
});

test('a saga does not start with an input or a first command that does not fit', () => {
  const begin = (definition: typeof sampleSaga, input: unknown) => beginSaga(definition, input, testCall(), kit);
  assert.throws(() => begin(sampleSaga, { orderId: 'o-1' }), {
    code: 'SAGA_INPUT_INVALID',
    message: 'the saga "buy" cannot start, its input does not fit: input.count: expected number',
  });
  const wrong = saga('wrong', options)
    .step(
      'reserve',
      send(reserve, () => ({}) as never),
      { nothingToUndo },
    )
    .end();
  assert.throws(() => begin(wrong as unknown as typeof sampleSaga, { orderId: 'o-1', count: 1 }), {
    code: 'SAGA_COMMAND_INVALID',
    message: /stock.reserve of reserve does not fit its contract: data.orderId: expected string/,
  });
});
