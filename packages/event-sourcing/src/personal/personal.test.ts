import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { event, personal } from '@dure/messaging';
import { z } from 'zod';
import { projection } from '../projection.ts';
import { demandForgetting } from './demand-forgetting.ts';
import { newKey, seal, unseal } from './seal.ts';
import { maskData, openData, openState, sealData, sealedSubjects, sealState, stateSubjects } from './sealed-data.ts';
import { subjectForgotten } from './subject-forgotten.ts';

const registered = event('test.registered', {
  schema: personal(z.object({ userId: z.string(), name: z.string(), age: z.int().nullable() }), {
    subject: ({ userId }) => userId,
    masked: { name: '***', age: null },
  }),
  key: ({ userId }) => userId,
});
const data = { userId: 'u-1', name: '김소라', age: 31 };
const marks = { subject: 'u-1', fields: ['name', 'age'] };
const keys = new Map([['u-1', newKey()]]);

describe('a sealed text', () => {
  test('is opened by its key for what it was bound to, and by nothing else', () => {
    const key = newKey();
    const sealed = seal(key, '소라', 'name');
    assert.notEqual(seal(key, '소라', 'name'), sealed, 'no two are alike');
    assert.equal(unseal(key, sealed, 'name'), '소라');
    assert.equal(unseal(newKey(), sealed, 'name'), undefined);
    assert.equal(unseal(key, sealed, 'street'), undefined);
    assert.equal(unseal(key, `A${sealed.slice(1)}`, 'name'), sealed.startsWith('A') ? '소라' : undefined);
    assert.equal(unseal(key, 'short', 'name'), undefined);
  });
});

describe('personal data', () => {
  test('is encrypted field by field, and only what was marked', () => {
    const sealed = sealData(registered.name, data, marks, keys) as Record<string, unknown>;
    assert.equal(sealed.userId, 'u-1');
    assert.doesNotMatch(JSON.stringify(sealed), /김소라|:31[,}]/);
    assert.deepEqual(sealedSubjects(sealed), ['u-1', 'u-1']);
    assert.deepEqual(openData(registered.name, sealed, keys), data);
  });

  test('reads as masked without its key, and so does what was moved to another event', () => {
    const sealed = sealData(registered.name, data, marks, keys);
    const masked = { userId: 'u-1', name: '***', age: null };
    assert.deepEqual(maskData(registered, openData(registered.name, sealed, new Map())), masked);
    assert.deepEqual(maskData(registered, openData('test.other', sealed, keys)), masked);
    assert.equal(maskData(registered, data), data, 'what is readable stays the same object');
  });

  test('in a kept state needs the keys of everybody in it', () => {
    const both = new Map([...keys, ['u-2', newKey()]]);
    const kept = sealState({ names: ['소라', '하나'] }, ['u-2', 'u-1', 'u-2'], both);
    assert.deepEqual(stateSubjects(kept), ['u-1', 'u-2']);
    assert.deepEqual(openState(kept, both), { state: { names: ['소라', '하나'] } });
    assert.equal(openState(kept, keys), undefined);
    assert.deepEqual(openState({ plain: 1 }, new Map()), { state: { plain: 1 } });
  });

  test('in a read model must be said to be taken away', () => {
    const people = projection('people', {
      mode: 'async',
      id: 'userId',
      row: z.object({ userId: z.string(), name: z.string() }),
    }).on(registered, (_row, { userId, name }) => ({ userId, name }));
    assert.throws(
      () => demandForgetting([people]),
      (error) => codeOf(error) === 'EVENT_SOURCING_DEFINITION_INVALID',
    );
    demandForgetting([
      people.on(
        subjectForgotten,
        () => null,
        ({ subject }) => subject,
      ),
    ]);
  });
});
