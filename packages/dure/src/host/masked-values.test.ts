import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personal } from '@dure/messaging';
import { command, contract } from '@dure/service/contract';
import { z } from 'zod';
import { namesToMask, withMasks, withoutMasks } from './masked-values.ts';

const Parcel = z.object({ id: z.string(), to: z.object({ address: z.string() }) });
const { ship } = contract('carrier', {
  ship: command({ input: Parcel, sensitive: ['to.address'], key: ({ id }) => id }),
}).commands;
const moved = personal(z.object({ id: z.string(), name: z.string() }), {
  subject: ({ id }) => id,
  masked: { name: '' },
});
const names = namesToMask([ship], [moved]);
const before = {
  id: 'p1',
  to: { address: 'Main 1' },
  people: [
    { name: 'Kim', age: '30' },
    { name: 'Lee', age: 31 },
  ],
};

test('what is sensitive in a command or personal in a schema is masked wherever its name stands', () => {
  assert.deepEqual([...names], ['address', 'name']);
  assert.deepEqual(withMasks(before, names), {
    id: 'p1',
    to: { address: '***' },
    people: [
      { name: '***', age: '30' },
      { name: '***', age: 31 },
    ],
  });
});

test('what was masked when it was corrected is as it was, and what was written instead is taken', () => {
  const shown = withMasks(before, names) as typeof before;
  const [kim, lee] = shown.people;
  const corrected = { ...shown, people: [{ ...kim, age: 30 }, lee], note: '***' };
  assert.deepEqual(withoutMasks(corrected, before, names), {
    value: { ...before, people: [{ name: 'Kim', age: 30 }, before.people[1]], note: '***' },
  });
  const moves = { ...shown, to: { address: 'Main 2' } };
  assert.deepEqual(withoutMasks(moves, before, names), { value: { ...before, to: { address: 'Main 2' } } });
});

test('a mask where nothing was, or of a list that has become longer or shorter, stands for nothing', () => {
  const shown = withMasks(before, names) as typeof before;
  assert.deepEqual(withoutMasks({ ...shown, people: shown.people.slice(1) }, before, names), {
    missing: 'data.people[0].name',
  });
  assert.deepEqual(withoutMasks({ from: { address: '***' } }, before, names), { missing: 'data.from.address' });
  assert.deepEqual(withoutMasks({ to: [{ address: '***' }] }, before, names), { missing: 'data.to[0].address' });
});

test('values that are no objects are taken as they are', () => {
  for (const value of ['***', 7, null, [1, [2]]]) assert.deepEqual(withoutMasks(value, before, names), { value });
});
