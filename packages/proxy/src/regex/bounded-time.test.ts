import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { javaExpression, replacementFor } from './java-expression.ts';

/**
 * Patterns whose backtracking is exponential or polynomial, each with what it chokes on. From OWASP's page on ReDoS, the
 * test data of recheck, safe-regex and vuln-regex-detector, and expressions of published CVEs.
 */
const known: readonly (readonly [pattern: string, pump: string, prefix?: string])[] = [
  ['(a+)+', 'a'],
  ['(a*)*', 'a'],
  ['(a|aa)+', 'a'],
  ['(a|a?)+', 'a'],
  ['(.*a){12}', 'a'],
  ['([a-zA-Z]+)*', 'a'],
  ['(a|a)*', 'a'],
  ['(a|b|ab)*c', 'ab'],
  ['(?:a+b?)+', 'a'],
  ['((a+)+)+', 'a'],
  ['(a+|b+)*', 'ab'],
  ['(\\w+)+', 'a'],
  ['(\\w*)*', 'a'],
  ['(\\d+)*x', '1'],
  ['(\\s+)*x', ' '],
  ['(.+)+', 'a'],
  ['(.*)*', 'a'],
  ['(.|a)+', 'a'],
  ['([^/]+)*/', 'a'],
  ['(/[^/]*)*x', '/'],
  ['(/.*)*x', '/'],
  ['(a+)*b', 'a'],
  ['(a?){30}a{30}', 'a'],
  ['(a*){40}b', 'a'],
  ['(x+x+)+y', 'x'],
  ['(x+x+)+', 'x'],
  ['([ab]+)*c', 'ab'],
  ['(a+a+)+b', 'a'],
  ['(ab|a|b)*c', 'ab'],
  ['(aa|a)*b', 'a'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  [
    '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$',
    'a',
  ],
  ['^\\d*[0-9](|.\\d*[0-9]|)*$', '1'],
  ['(\\w+\\s?)*$x', 'a '],
  ['^(\\w+\\s?)+$', 'a'],
  ['(\\d+\\.?)+$', '1'],
  ['^(?:\\.?\\d+)(?:e[-+]?\\d+)?(?:\\d+)*x', '1'],
  ['^((\\w+)[.,]?)+$', 'a'],
  ['([^"]*"[^"]*")*x', '"'],
  ['("[^"]*"|[^"])*x', '"'],
  ['(,?[^,]+)*x', ','],
  ['((;\\s?)?[a-z]+=[a-z]*)*!', 'a=a;'],
  ['([a-z]+=[a-z]*&?)*!', 'a=a&'],
  ['(<[^>]*>?)*x', '<'],
  ['(<!--.*?-->)*x', '<!---->'],
  ['a*a*a*a*b', 'a'],
  ['.*.*.*x', 'a'],
  ['.*.*=.*', 'a'],
  ['\\s*\\s*\\s*x', ' '],
  ['\\d+\\d+\\d+x', '1'],
  ['\\w+\\w+\\w+!', 'a'],
  ['(.*)/(.*)/(.*)/(.*)!', '/'],
  ['.*a.*a.*a.*b', 'a'],
  ['[^b]*[^c]*[^d]*e', 'a'],
  ['(?:.*,){5}x', ','],
  ['a+.*a+.*a+b', 'a'],
  ['x*y*x*y*x*y*z', 'x'],
  ['^\\s+|\\s+$', ' ', 'x'],
  ['\\s+$', ' ', 'x'],
  ['a+b', 'a'],
  ['[a-z]+\\d', 'a'],
  ['.*b', 'a'],
  ['.+?b', 'a'],
  ['(?:a|b)+c', 'ab'],
  ['\\w+@', 'a'],
  ['\\w+@\\w+\\.com', 'a@'],
  ['[^@]+@[^@]+\\.[a-z]+', 'a'],
  ['#+\\s*$', '#'],
  ['=+\\s*!', '='],
  ['-+>', '-'],
  ['/+$', '/', 'x'],
  ['\\.+x', '.'],
  ['(?:%[0-9a-f]{2})+x', '%20'],
  ['(a{1,40}){1,40}b', 'a'],
  ['(a{0,30}){30}b', 'a'],
  ['a{0,500}a{0,500}b', 'a'],
  ['(ab?){20,40}c', 'a'],
  ['(?:a?){60}b', 'a'],
  ['a{100,}b', 'a'],
  ['(a|b|c|d|e|f|g|a)*z', 'a'],
  ['(?:[a-z]|[a-y]|[a-x])+1', 'a'],
  ['((a|b)(a|b))*c', 'a'],
  ['(a*b*)*c', 'ab'],
  ['(?:a*b?)*c', 'a'],
  ['(a+b*)+c', 'a'],
  ['(?:(?:a+)?b?)+c', 'a'],
  ['(?=(?:a+)+b)a', 'a'],
  ['(?!(?:a+)+b).*c', 'a'],
  ['(?=.*a.*a.*b)x', 'a'],
  ['(?:(?=a+)a)+b', 'a'],
  ['(?:a(?!b*c))+d', 'a'],
  ['(?i)(A+)+b', 'a'],
  ['(?s)(.+)+\\n', 'a'],
  ['(\\p{L}+)+1', 'a'],
  ['([가-힣]+)+x', '가'],
  ['(😀+)+x', '😀'],
  ['(.*?a)*?b', 'a'],
  ['(a??)*b', 'a'],
  ['(a*?)*?b', 'a'],
  ['\\b(\\w+\\b)*!', 'a '],
  ['(?:\\b\\w+\\s*)+!', 'a '],
  ['^(.*?,){11}P', ','],
  ['(?<x>a+)+b', 'a'],
];

test('there are at least a hundred of them', () => {
  assert.ok(new Set(known.map(([pattern]) => pattern)).size >= 100);
});

/** The processor time that something takes, in milliseconds; unlike a clock it does not count the neighbours. */
function tookMs(work: () => void): number {
  const before = process.cpuUsage();
  try {
    work();
  } catch (error) {
    // To give up in time is what is promised.
    assert.equal(codeOf(error), gatewayErrors.PATTERN_EXHAUSTED.code);
  }
  return process.cpuUsage(before).user / 1_000;
}

for (const [pattern, pump, prefix = ''] of known) {
  test(`"${pattern}" holds nothing up for 50 ms, however long the text`, () => {
    const expression = javaExpression(pattern);
    const replacement = replacementFor(expression, '-');
    for (const length of [30, 300, 51_200]) {
      const text = `${prefix}${pump.repeat(Math.ceil(length / pump.length))}\u0000`;
      const tested = tookMs(() => expression.test(text));
      const replaced = tookMs(() => expression.replaceAll(text, replacement));
      assert.ok(tested < 50, `test of ${length} characters: ${tested} ms`);
      assert.ok(replaced < 50, `replaceAll of ${length} characters: ${replaced} ms`);
    }
  });
}
