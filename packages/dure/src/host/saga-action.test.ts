import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSagaAction } from './saga-action.ts';

const who = { by: 'mina', why: 'the carrier is back' };

test('every action is read with what it needs', () => {
  for (const [fields, action] of [
    [{}, { do: 'resume' }],
    [{ action: 'retry' }, { do: 'retry' }],
    [{ action: 'undo' }, { do: 'undo' }],
    [{ action: 'pause' }, { do: 'pause' }],
    [{ action: 'migrate' }, { do: 'migrate' }],
    [
      { action: 'skip', step: 'ship', result: { shipmentId: 's' } },
      { do: 'skip', step: 'ship', result: { shipmentId: 's' } },
    ],
    [
      { action: 'undone', step: 'hold', evidence: 'seen' },
      { do: 'undone', step: 'hold', evidence: 'seen' },
    ],
    [
      { action: 'extend', byMs: 60_000 },
      { do: 'extend', byMs: 60_000 },
    ],
    [
      { action: 'replace', step: 'ship', data: {} },
      { do: 'replace', step: 'ship', data: {} },
    ],
  ] as const) {
    assert.deepEqual(readSagaAction({ ...fields, ...who }), { action, ...who });
  }
});

test('what is missing is said', () => {
  for (const [body, said] of [
    [undefined, /who asks and why/],
    [{ by: 'mina' }, /who asks and why/],
    [{ ...who, action: 'explode' }, /there are retry, undo, pause/],
    [{ ...who, action: 'toString' }, /no such action/],
    [{ ...who, action: 'skip' }, /name the step/],
    [{ ...who, action: 'undone', step: 'hold' }, /how you know/],
    [{ ...who, action: 'extend', byMs: '5' }, /how many milliseconds/],
    [{ ...who, action: 'replace', step: 'ship' }, /the data to send/],
  ] as const) {
    assert.match(String(readSagaAction(body)), said);
  }
});
