import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import fc from 'fast-check';
import { rule } from '../testing/test-rules.ts';
import type { PathPattern } from './path-pattern.ts';
import { compareSegments, fitsSegment, parsePathPattern, pathVariables, variableNames } from './path-pattern.ts';
import { routeTable } from './route-table.ts';

/** Cases of Spring's PathPatternTests, and ours: what a pattern takes with which variables, and what it does not take. */
const cases: readonly (readonly [
  pattern: string,
  fit: Readonly<Record<string, Readonly<Record<string, string>>>>,
  others: readonly string[],
])[] = [
  ['/', { '/': {} }, ['/a']],
  ['/a', { '/a': {} }, ['/', '/a/', '/b', '/A', '/a/b']],
  ['/a/', { '/a/': {} }, ['/a', '/a/b']],
  [
    '/stock/:sku',
    { '/stock/A-1': { sku: 'A-1' }, '/stock/a%20b': { sku: 'a b' } },
    ['/stock', '/stock/', '/stock/a/b'],
  ],
  ['/{a}/{b}', { '/x/y': { a: 'x', b: 'y' } }, ['/x', '/x/', '/x/y/']],
  ['/{id:[0-9]{1,3}}', { '/12': { id: '12' } }, ['/1234', '/x', '/']],
  ['/{name:[가-힣]+}', { '/%EA%B9%80': { name: '김' } }, ['/kim']],
  ['/김치', { '/%EA%B9%80%EC%B9%98': {} }, ['/kimchi']],
  ['/a%20b,c', { '/a%20b,c': {}, '/a%20b%2Cc': {} }, ['/a+b,c']],
  ['/a/*', { '/a/b': {}, '/a/': {} }, ['/a', '/a/b/', '/a/b/c']],
  ['/a/*/c', { '/a/b/c': {} }, ['/a/c', '/a/b/d']],
  ['/t?st', { '/test': {}, '/tXst': {}, '/t%C3%A4st': {} }, ['/tst', '/toast']],
  ['/*.png', { '/a.png': {}, '/.png': {} }, ['/a.jpg', '/a/b.png']],
  ['/a*b?c', { '/abxc': {}, '/axxbyc': {} }, ['/abc']],
  ['/{name}.{type:png|jpe?g}', { '/a.b.jpg': { name: 'a.b', type: 'jpg' } }, ['/a.gif', '/a']],
  ['/v{n:\\d+}-{rest}', { '/v2-x-y': { n: '2', rest: 'x-y' } }, ['/vx-y']],
  ['/a/**', { '/a': {}, '/a/': {}, '/a/b/c/': {} }, ['/', '/ab', '/b']],
  ['/a/{*rest}', { '/a': { rest: '' }, '/a/': { rest: '/' }, '/a/b%20c/d': { rest: '/b c/d' } }, ['/ab']],
  ['/**', { '/': {}, '/a/b': {} }, []],
  ['/{*all}', { '/': { all: '/' }, '/a': { all: '/a' } }, []],
];

test('a pattern takes the paths that it should, and binds its variables', () => {
  for (const [pattern, fit, others] of cases) {
    const table = routeTable([rule('only', pattern)]);
    for (const [path, variables] of Object.entries(fit)) {
      assert.deepEqual(table.find({ method: 'GET', path })?.variables, variables, `${pattern} ${path}`);
    }
    for (const path of others) assert.equal(table.find({ method: 'GET', path }), undefined, `${pattern} ${path}`);
  }
});

test('a trailing slash counts unless the pattern says otherwise', () => {
  const paths = [parsePathPattern('/a/{x}', { matchTrailingSlash: true })];
  const table = routeTable([{ ...rule('one', '/'), match: { paths } }, rule('exact', '/a/b/')]);
  const find = (path: string) => table.find({ method: 'GET', path });
  assert.deepEqual(find('/a/c/')?.variables, { x: 'c' });
  assert.deepEqual(find('/a/c')?.variables, { x: 'c' });
  assert.equal(find('/a/b/')?.rule.id, 'exact');
  assert.equal(find('/a/c/d'), undefined);
});

test('what is no pattern is refused with the reason', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /does not begin with/],
    ['a', /does not begin with/],
    ['/a//b', /empty segment/],
    ['/a//**', /empty segment/],
    ['/**/a', /"\*\*" elsewhere/],
    ['/a**', /"\*\*" elsewhere/],
    ['/{*a}/b', /elsewhere than as its last/],
    ['/a{*b}', /elsewhere than as its last/],
    ['/{a', /without its "}"/],
    ['/a}', /without its "\{"/],
    ['/{a}/{a}', /binds "a" twice/],
    ['/{a}/{*a}', /binds "a" twice/],
    ['/{}', /whose name is ""/],
    ['/{1a}', /whose name is "1a"/],
    ['/{a:}', /no expression/],
    ['/{a:(x)}', /captures/],
    ['/x{a:(?<b>x)}', /captures/],
    ['/{a:x++}', /possessive quantifier/],
    ['/{a:(x+)+}', /captures inside/],
    ['/{a:x/y}', /without its "}"/],
  ];
  for (const [pattern, message] of bad) {
    assert.throws(() => parsePathPattern(pattern), { code: 'GATEWAY_ROUTE_INVALID', message }, pattern);
  }
});

test('a variable may have the name of anything that objects have', () => {
  const pattern = parsePathPattern('/{__proto__}/{constructor}');
  assert.deepEqual(variableNames(pattern), ['__proto__', 'constructor']);
  assert.deepEqual(pathVariables(pattern, '/a/b'), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
  const found = routeTable([rule('one', '/{__proto__}')]).find({ method: 'GET', path: '/a' });
  assert.equal(Object.getOwnPropertyDescriptor(found?.variables ?? {}, '__proto__')?.value, 'a');
});

/** PathPattern.SPECIFICITY_COMPARATOR of spring-web. */
function springOrder(one: PathPattern, other: PathPattern): number {
  const measure = ({ segments, rest }: PathPattern) => ({
    score: segments.reduce((sum, { score }) => sum + score, 0),
    length: segments.reduce((sum, { length }) => sum + 1 + length, 0) + (rest === undefined ? 0 : 1),
    isCatchAll: rest !== undefined,
  });
  const [a, b] = [measure(one), measure(other)];
  if (a.isCatchAll !== b.isCatchAll) return a.isCatchAll ? 1 : -1;
  return (a.isCatchAll ? b.length - a.length : 0) || a.score - b.score || b.length - a.length;
}

test('where one pattern is at least as specific as another in every segment, Spring ranks them as we do', () => {
  const segment = fc.constantFrom('aa', 'ab', '{x}', '*', 'a*', 'a{x}', '??');
  const pattern = fc.array(segment, { minLength: 3, maxLength: 3 }).map((parts) => {
    const named = parts.map((part, at) => part.replace('x', `x${at}`));
    return parsePathPattern(`/${named.join('/')}`);
  });
  let compared = 0;
  fc.assert(
    fc.property(pattern, pattern, (one, other) => {
      const steps = one.segments.map((part, at) => compareSegments(part, other.segments[at] ?? part));
      const isLiterals = one.segments.some(
        (part, at) =>
          part.kind === 'literal' && other.segments[at]?.kind === 'literal' && part.key !== other.segments[at]?.key,
      );
      if (isLiterals || !steps.every((step) => step <= 0) || springOrder(one, other) === 0) return;
      compared += 1;
      assert.ok(springOrder(one, other) < 0, `${one.text} ${other.text}`);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(compared > 200);
});

test('a constraint that backtracks without bound holds nothing up', () => {
  const before = process.cpuUsage();
  for (const constraint of ['(?:a*)*b', 'a*a*a*a*b', '(?:a|aa)+c']) {
    const [segment] = parsePathPattern(`/{id:${constraint}}`).segments;
    const path = `/${'a'.repeat(8_000)}`;
    try {
      assert.equal(segment && fitsSegment(segment, path, 1, path.length, true), false);
    } catch (error) {
      assert.equal(codeOf(error), 'GATEWAY_PATTERN_EXHAUSTED');
    }
  }
  assert.ok(process.cpuUsage(before).user < 3 * 50_000);
});
