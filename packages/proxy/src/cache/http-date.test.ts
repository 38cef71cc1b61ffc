import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatHttpDate, readHttpDate } from './http-date.ts';

const now = Date.UTC(2026, 0, 1);
const at = Date.UTC(2050, 7, 18, 2, 1, 18);

test('a date is read in each of the three forms, in any case', () => {
  const same = [
    'Thu, 18 Aug 2050 02:01:18 GMT',
    'THU, 18 aug 2050 02:01:18 gMT',
    'Thursday, 18-Aug-50 02:01:18 GMT',
    'Thu Aug 18 02:01:18 2050',
  ];
  for (const text of same) assert.equal(readHttpDate(text, now), at, text);
  assert.equal(readHttpDate('Thu Aug  8 02:01:18 2050', now), Date.UTC(2050, 7, 8, 2, 1, 18));
});

test('a two-digit year is at most fifty years ahead', () => {
  assert.equal(readHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now), Date.UTC(1994, 10, 6, 8, 49, 37));
  assert.equal(readHttpDate('Sunday, 06-Nov-76 08:49:37 GMT', now), Date.UTC(2076, 10, 6, 8, 49, 37));
  assert.equal(readHttpDate('Sunday, 06-Nov-77 08:49:37 GMT', now), Date.UTC(1977, 10, 6, 8, 49, 37));
});

test('what only looks like a date is none', () => {
  const bad = [
    '',
    '0',
    '-1',
    'foo',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 2050 02:01:18',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 18 Aug 2050 25:01:18 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:19 GMT',
    '2050-08-18T02:01:18Z',
  ];
  for (const text of bad) assert.equal(readHttpDate(text, now), undefined, text);
});

test('what is written is read back, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
      assert.equal(readHttpDate(formatHttpDate(seconds * 1_000), now), seconds * 1_000);
    }),
  );
});
