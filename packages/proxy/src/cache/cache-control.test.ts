import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listedFields, readDirectives, secondsOf } from './cache-control.ts';

const lifetime = (value: string) => secondsOf(readDirectives(value), 'max-age');

test('a lifetime is a number of seconds; what is none counts as stale', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['max-age=3600', 3_600],
    ['MaX-aGe=3600', 3_600],
    ['max-age="3600"', 3_600],
    ['max-age=003600', 3_600],
    ['foo, max-age=3600, bar=1', 3_600],
    ['max-age=99999999999', 2 ** 31],
    ['max-age=1800, max-age=1', 1_800],
    ['max-age=1, max-age=1800', 1],
    ['max-age=0', 0],
    ['max-age', 0],
    ['max-age=', 0],
    ['max-age=-1', 0],
    ['max-age=3600.0', 0],
    ["max-age='3600'", 0],
    ['max-age=100a', 0],
    ['extension="max-age=3600", max-age=1', 1],
    ['max-age=1, extension="max-age=3600"', 1],
    ['extension="a\\"b, max-age=3600"', undefined],
    ['public', undefined],
    ['', undefined],
  ];
  for (const [value, expected] of table) assert.equal(lifetime(value), expected, value);
});

test('the stricter of two forms of no-cache counts', () => {
  assert.equal(readDirectives('no-cache="a"').get('no-cache'), 'a');
  assert.equal(readDirectives('no-cache="a", no-cache').get('no-cache'), '');
  assert.equal(readDirectives('no-cache, no-cache="a"').get('no-cache'), '');
  assert.deepEqual(listedFields(readDirectives('no-cache="A, b", no-cache="c"'), 'no-cache'), ['a', 'b', 'c']);
  assert.deepEqual(listedFields(readDirectives('no-cache'), 'no-cache'), []);
});

test('a quoted string that does not end hides nothing', () => {
  assert.equal(readDirectives('max-age=3600, foo="bar, private').has('no-store'), true);
  assert.equal(readDirectives('foo="bar, no-store').has('no-store'), true);
});

test('a directive in any case and among any others is found', () => {
  const other = fc.stringMatching(/^[a-z]{1,8}(=[a-z0-9]{1,6}|="[a-z, =]{0,9}")?$/);
  fc.assert(
    fc.property(
      fc.array(other),
      fc.array(other),
      fc.constantFrom('private', 'no-store', 'no-cache'),
      (a, b, wanted) => {
        const value = [...a, wanted.toUpperCase(), ...b].join(' , ');
        assert.equal(readDirectives(value).get(wanted), '', value);
      },
    ),
  );
});
