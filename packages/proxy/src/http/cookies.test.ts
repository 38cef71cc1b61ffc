import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieValue } from './cookies.ts';

test('a cookie is found by its whole name', () => {
  assert.equal(cookieValue('ab=1; b=2;c=a=3', 'b'), '2');
  assert.equal(cookieValue('ab=1; b=2;c=a=3', 'c'), 'a=3');
  assert.equal(cookieValue('ab=1', 'a'), undefined);
  assert.equal(cookieValue('b', 'b'), undefined);
  assert.equal(cookieValue(undefined, 'a'), undefined);
});
