import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configRows } from './config-rows.ts';

const key = (name: string, value: unknown) => ({
  key: name,
  value,
  layer: 'file',
  place: 'order.yml:1:1',
  overrides: [],
});
const all = { text: undefined, onlyDifferent: false };
const keys = [key('maxLines', 50), key('currency', 'KRW'), key('hosts', ['a'])];
const against = { profiles: 'prod', keys: [key('maxLines', 10), key('currency', 'KRW'), key('url', 'x')] };

test('a key of either environment is a row, sorted, and differs where it is missing or has another value', () => {
  assert.deepEqual(
    configRows({ keys, against }, all).map((row) => [row.key, row.own?.value, row.other?.value, row.isDifferent]),
    [
      ['currency', 'KRW', 'KRW', false],
      ['hosts', ['a'], undefined, true],
      ['maxLines', 50, 10, true],
      ['url', undefined, 'x', true],
    ],
  );
});

test('without another environment, or with one that does not fit, nothing differs', () => {
  assert.ok(configRows({ keys }, all).every(({ isDifferent }) => !isDifferent));
  const broken = { profiles: 'prod', keys: [], problem: 'maxLines is missing' };
  assert.ok(configRows({ keys, against: broken }, all).every(({ isDifferent }) => !isDifferent));
});

test('text is looked for in keys and values of both; only what differs can be asked for', () => {
  const found = (text: string) => configRows({ keys, against }, { ...all, text }).map((row) => row.key);
  assert.deepEqual(found('krw'), ['currency']);
  assert.deepEqual(found('MAXL'), ['maxLines']);
  assert.deepEqual(found('10'), ['maxLines']);
  const different = configRows({ keys, against }, { ...all, onlyDifferent: true });
  assert.deepEqual(
    different.map((row) => row.key),
    ['hosts', 'maxLines', 'url'],
  );
});
