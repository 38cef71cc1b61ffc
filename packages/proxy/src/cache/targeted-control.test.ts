import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetedDirectives } from './targeted-control.ts';

const read = (value: string) => targetedDirectives(['CDN-Cache-Control', value], ['cdn-cache-control']);

test('a dictionary is read', () => {
  assert.deepEqual(
    [...(read('max-age=3600, foobar, private;a=1, b="x, y"') ?? [])],
    [
      ['max-age', '3600'],
      ['foobar', ''],
      ['private', ''],
      ['b', 'x, y'],
    ],
  );
  assert.deepEqual([...(read('no-store=?0, max-age=1, max-age=2') ?? [])], [['max-age', '2']]);
});

test('what is no dictionary, or gives a directive another type, counts as not there', () => {
  for (const value of [
    '',
    'max-age=10000, &&&&&',
    'max-age="10000"',
    'max-age=1.5',
    'max-age',
    'MaX-aGe=3600',
    'max-age =100',
    'max-age= 100',
    'a="b',
    'max-age=1,,private',
  ])
    assert.equal(read(value), undefined, value);
});

test('the first of the fields that is one counts', () => {
  const fields = ['A-Cache-Control', '&', 'b-cache-control', 'max-age=1', 'c-cache-control', 'max-age=2'];
  const found = targetedDirectives(fields, ['a-cache-control', 'b-cache-control', 'c-cache-control']);
  assert.equal(found?.get('max-age'), '1');
  assert.equal(targetedDirectives(fields, []), undefined);
});
