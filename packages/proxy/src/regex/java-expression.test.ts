import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import * as fc from 'fast-check';
import { gatewayErrors } from '../errors.ts';
import { javaExpression, replacementFor } from './java-expression.ts';

const isInvalid = (error: unknown) => codeOf(error) === gatewayErrors.ROUTE_INVALID.code;

function replaced(expression: string, replacement: string, text: string): string {
  const compiled = javaExpression(expression);
  return compiled.replaceAll(text, replacementFor(compiled, replacement));
}

const whole: readonly (readonly [expression: string, yes: readonly string[], no: readonly string[]])[] = [
  ['ch.p', ['chip', 'chop'], ['chp', 'chips']],
  ['\\d+', ['1', '2026'], ['', '1a']],
  ['[a-z]+', ['abc'], ['aBc', '']],
  ['(?i)abc', ['ABC', 'aBc'], ['abd']],
  ['a{2,3}', ['aa', 'aaa'], ['a', 'aaaa']],
  ['(?:ab){2}', ['abab'], ['ab', 'ababab']],
  ['\\Qa.b\\E+', ['a.b', 'a.bb'], ['a.b+', 'axb']],
  ['a\\-b\\_\\@\\/c', ['a-b_@/c'], ['ab']],
  ['[\\w\\-.]+@[^@\\s]+', ['a-b.c@d'], ['a b@c', 'a@']],
  ['\\p{Alpha}\\P{Digit}', ['ax'], ['a1', '1x']],
  ['\\p{Lu}\\p{IsAlphabetic}*', ['Über'], ['über']],
  ['^(?!/admin)/.*$', ['/orders'], ['/admin', '/administration']],
  ['(?=.*\\d).{3,}', ['ab1'], ['abc', '1']],
  ['.*\\bcat\\b.*', ['a cat sat'], ['concatenate']],
  ['\\Aab\\z', ['ab'], ['abc']],
  ['(a|b)*c', ['abac', 'c'], ['abad']],
  ['\\x41\\u0042\\x{43}', ['ABC'], ['abc']],
  ['[)({}|/]', [')', '{', '/'], ['a']],
  ['ü+|日本', ['üü', '日本'], ['u']],
  ['\\ud83d', [], ['a']],
  ['.', ['😀'], ['ab']],
];

for (const [expression, yes, no] of whole) {
  test(`"${expression}" means what Java means by it`, () => {
    const { test: _, ...rest } = javaExpression(expression);
    assert.equal(rest.source, expression);
    for (const text of yes) assert.equal(javaExpression(expression).test(text), true, text);
    for (const text of no) assert.equal(javaExpression(expression).test(text), false, text);
  });
}

const replacements: readonly (readonly [string, string, string, string])[] = [
  ['/orders/(?<rest>.*)', '/v1/orders/$\\{rest}', '/orders/7/lines', '/v1/orders/7/lines'],
  ['/orders/(?<rest>.*)', `/v1/orders/\${rest}`, '/orders/7', '/v1/orders/7'],
  ['/a/?(?<segment>.*)', '/$\\{segment}', '/a', '/'],
  ['a', 'b', 'banana', 'bbnbnb'],
  ['(\\w)(\\w)', '$2$1', 'abcd', 'badc'],
  ['(a)', '$12', 'a', 'a2'],
  ['x*', '-', 'abc', '-a-b-c-'],
  ['a', '\\$1\\\\', 'a', '$1\\'],
  [
    'password=[^&]+',
    'password=***',
    '/42?user=ford&password=omg!what&flag=true',
    '/42?user=ford&password=***&flag=true',
  ],
  ['(a)|b', '[$1]', 'ab', '[a][]'],
  ['(?:a|(b))+', '<$1>', 'ab', '<b>'],
];

for (const [expression, replacement, text, expected] of replacements) {
  test(`"${text}" with "${expression}" replaced by "${replacement}" is "${expected}"`, () => {
    assert.equal(replaced(expression, replacement, text), expected);
  });
}

const refused: readonly (readonly [expression: string, why: RegExp])[] = [
  ['a*+', /possessive quantifier "\*\+"; write "\*"/],
  ['a{1,2}+', /possessive/],
  ['(?>a+)b', /atomic group/],
  ['(a)\\1', /refers back/],
  ['(?<n>a)\\k<n>', /refers back/],
  ['(?<=a)b', /looks behind/],
  ['a(?i)b', /flags stand at the beginning/],
  ['(?x)a b', /the flag "x"/],
  ['[a-z&&[^b]]', /intersects|within a class/],
  ['[a[bc]]', /class within a class/],
  ['[]a]', /begins a class/],
  ['[a', /"\[" without/],
  ['[z-a]', /no set of characters/],
  ['(a', /"\(" without/],
  ['a)', /"\)" without/],
  ['*a', /repeats nothing/],
  ['a**', /quantifier after a quantifier/],
  ['a{3,2}', /no quantifier/],
  ['a{1001}', /more than 1000/],
  ['(?:a{1000}){1000}', /more than 4000 steps/],
  ['^*', /no character/],
  ['\\G', /not supported/],
  ['\\p{Nope}', /no set of characters/],
  ['\\p', /without the name/],
  ['a\\', /ends with a backslash/],
  ['(?<n>a)(?<n>b)', /names two groups/],
  ['(?=(a))a', /captures inside/],
  ['('.repeat(51), /more than 50 deep/],
  ['a'.repeat(2_001), /2001 characters/],
];

for (const [expression, why] of refused) {
  test(`"${expression.slice(0, 40)}" is refused, with the reason`, () => {
    assert.throws(
      () => javaExpression(expression),
      (error: Error) => isInvalid(error) && why.test(error.message),
    );
  });
}

test('a replacement that names a group that is not there is refused', () => {
  for (const replacement of ['$2', '$\\{nope}', '$', 'a\\'])
    assert.throws(() => replacementFor(javaExpression('(a)'), replacement), isInvalid, replacement);
});

const letter = fc.constantFrom('a', 'b', '[ab]', '.', '[^a]');
const looped = fc
  .tuple(letter, fc.constantFrom('', '*', '+', '?', '*?', '+?', '{2}', '{1,2}', '??'))
  .map((parts) => parts.join(''));
const expressions = fc
  .array(
    fc.oneof(
      looped,
      looped.map((one) => `(${one})`),
      fc.tuple(looped, looped).map(([one, other]) => `(?:${one}|(${other}))`),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

test('the machine replaces what a backtracking matcher replaces', () => {
  void fc.assert(
    fc.property(expressions, texts, (expression, text) => {
      const expected = text.replace(new RegExp(expression, 'gu'), '<$&>');
      // A look ahead at nothing that costs a backtracking matcher without bound makes the machine read the text.
      assert.equal(replaced(`(?:${expression})(?=(?:c|a|b)*)`, '<$0>', text), expected);
    }),
    { numRuns: 2_000 },
  );
});

test('the machine and a backtracking matcher agree on loops around groups', () => {
  const nested = fc
    .tuple(expressions, fc.constantFrom('*', '+', '{2,3}', '?'))
    .map(([inner, loop]) => `(?:${inner})${loop}`);
  void fc.assert(
    fc.property(nested, texts, (expression, text) => {
      assert.equal(javaExpression(expression).test(text), new RegExp(`^(?:${expression})$`, 'u').test(text));
    }),
    { numRuns: 2_000 },
  );
});
