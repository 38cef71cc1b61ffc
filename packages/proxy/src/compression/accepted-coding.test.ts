import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedCoding } from './accepted-coding.ts';

test('the coding that the client likes best is taken, of equals the first offered', () => {
  for (const [accept, coding] of [
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['zstd;q=0, br;q=0.0, gzip', 'gzip'],
    ['*', 'zstd'],
    ['*;q=0.5, zstd;q=0', 'br'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['GZIP ; Q=1.0', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=2', undefined],
    ['gzip;level=9', undefined],
    ['deflate', undefined],
  ] as const)
    assert.equal(acceptedCoding(accept, ['zstd', 'br', 'gzip']), coding, String(accept));
});
