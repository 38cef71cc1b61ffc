import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { aggregate, streamOf } from './aggregate.ts';
import { currentData, decided, evolved } from './evolve.ts';
import { fact } from './fact.ts';
import { deposited, sampleAccount, spec, withdrawn } from './testing/index.ts';

const fails = (code: string) => (error: unknown) => {
  assert.equal(codeOf(error), `EVENT_SOURCING_${code}`, String(error));
  return true;
};
const money = (amount: number) => ({ account: 'a', amount });

describe('an aggregate', () => {
  test('decides by what has happened', () => {
    spec(sampleAccount)
      .given(fact(deposited, money(5)))
      .when('withdraw', money(3))
      .then(fact(withdrawn, money(3)))
      .expectState({ balance: 2 })
      .when('withdraw', money(3))
      .refuses('Overdrawn', { balance: 2 })
      .when('close', { account: 'a' })
      .then(fact(withdrawn, money(2)))
      .when('close', { account: 'a' })
      .then();
  });

  test('names its stream after itself and the instance', () => {
    assert.equal(streamOf(sampleAccount, 'a:1'), 'account:a:1');
  });

  test('does not take names, numbers and repetitions that make no sense', () => {
    const make = (name: string, options: object = {}) => aggregate(name, { id: 'id', initial: () => 0, ...options });
    assert.throws(() => make('Account'), fails('DEFINITION_INVALID'));
    assert.throws(() => make('account', { version: 0 }), fails('DEFINITION_INVALID'));
    assert.throws(() => make('account', { snapshotEvery: 1.5 }), fails('DEFINITION_INVALID'));
    assert.throws(() => sampleAccount.on(deposited, (state) => state), fails('DEFINITION_INVALID'));
    assert.throws(() => decided(sampleAccount, 'lend', {}, {}), fails('DEFINITION_INVALID'));
  });

  test('cannot read an event that it has no `on` for', () => {
    const unknown = { type: 'test.renamed', schemaVersion: 1, data: {} };
    assert.throws(() => evolved(sampleAccount, { balance: 0 }, [unknown]), fails('EVENT_UNKNOWN'));
  });
});

describe('a fact', () => {
  test('fits the schema of its event', () => {
    assert.throws(() => fact(deposited, { account: 'a', amount: 'much' as never }), fails('DATA_INVALID'));
    assert.deepEqual(fact(deposited, money(1)).data, money(1));
  });
});

describe('an event of an older release', () => {
  const third = { ...deposited, version: 3, upcast: { 1: addTen, 2: double } };

  test('is brought to the present version step by step', () => {
    assert.deepEqual(currentData(third, { type: third.name, schemaVersion: 1, data: { amount: 1 } }), { amount: 22 });
    assert.deepEqual(currentData(third, { type: third.name, schemaVersion: 2, data: { amount: 1 } }), { amount: 2 });
    assert.deepEqual(currentData(third, { type: third.name, schemaVersion: 3, data: { amount: 1 } }), { amount: 1 });
  });

  test('cannot be read when no step leads there, and neither can one of a newer release', () => {
    for (const schemaVersion of [0, 4]) {
      const written = { type: third.name, schemaVersion, data: {} };
      assert.throws(() => currentData(third, written), fails('EVENT_UNKNOWN'));
    }
  });

  function addTen({ amount }: { amount: number }) {
    return { amount: amount + 10 };
  }
  function double({ amount }: { amount: number }) {
    return { amount: amount * 2 };
  }
});
