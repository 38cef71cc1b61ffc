import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullMatch } from './full-match.ts';

const code = 'GATEWAY_ROUTE_INVALID';

test('the whole value must match, and a dot is any character', () => {
  assert.equal(fullMatch('[a-z]+').test('abc'), true);
  assert.equal(fullMatch('[a-z]+').test('abc1'), false);
  assert.equal(fullMatch('a|b').test('ab'), false);
  assert.equal(fullMatch('a.c').test('a\nc'), true);
});

test('what Java lets one escape means the same', () => {
  assert.equal(fullMatch(String.raw`\d+\-\d+`).test('12-34'), true);
  assert.equal(fullMatch(String.raw`[a\-z]`).test('b'), false);
  assert.equal(fullMatch(String.raw`a\:b\"\ c\.d`).test('a:b" c.d'), true);
  assert.equal(fullMatch(String.raw`\p{Lu}\\`).test('Ä\\'), true);
});

test('what JavaScript would read differently is refused', () => {
  for (const pattern of ['a++', '(?i)a', String.raw`\Qa.b\E`, String.raw`a\z`, '[a-z&&[^b]]', '(', '[a', 'a{2,1}']) {
    assert.throws(() => fullMatch(pattern), { code, message: /cannot be used/ }, pattern);
  }
});

test('a repetition of what repeats or branches is refused, for it can take for ever', () => {
  for (const pattern of ['(a+)+', '(a*)*b', '(?:a|aa)+', '((a+)b?)*', '(a{2,})+', '([a-z]+){3,}', '(.*,){20,}x']) {
    assert.throws(() => fullMatch(pattern), { code, message: /nested repetition/ }, pattern);
  }
  for (const pattern of ['(?:ab)+', '(a|b)c+', '[(+*]+', String.raw`(\+\*)+`, '(?:[a-z]{1,8})-(?:x+)', '(a+){2}']) {
    assert.doesNotThrow(() => fullMatch(pattern), pattern);
  }
});
