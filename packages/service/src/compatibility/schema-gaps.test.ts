import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import { z } from 'zod';
import { normalSchema } from './normal-schema.ts';
import { schemaGaps } from './schema-gaps.ts';

const gapsOf = (written: Schema, read: Schema) =>
  schemaGaps(
    normalSchema(jsonSchemaOf(written, 'output', 'written'), true),
    normalSchema(jsonSchemaOf(read, 'input', 'read'), false),
  );
const rulesOf = (written: Schema, read: Schema) =>
  gapsOf(written, read).map(({ path, rule }) => (path === '' ? rule : `${path} ${rule}`));

const text = z.string();
const one = (field: z.ZodType) => z.object({ field });
const circle = z.object({ kind: z.literal('circle'), radius: z.number() });
const square = z.object({ kind: z.literal('square'), side: z.number() });
interface Tree {
  readonly label: string;
  readonly branches: readonly Tree[];
}
const tree = (label: z.ZodType<string>): z.ZodType<Tree> =>
  z.object({
    label,
    get branches() {
      return z.array(tree2);
    },
  });
const tree2: z.ZodType<Tree> = z.object({
  label: z.string().max(5),
  get branches() {
    return z.array(tree2);
  },
});

type Case = readonly [what: string, written: Schema, read: Schema, gaps: readonly string[]];

/** What is written, what is read, and what of the former the latter does not take. */
const cases: readonly Case[] = [
  // fields
  ['the same', one(text), one(text), []],
  ['a field that nobody reads', z.object({ a: text, b: text }), z.object({ a: text }), []],
  [
    'a field that who reads strictly does not know',
    z.object({ a: text, b: text }),
    z.strictObject({ a: text }),
    ['b refused'],
  ],
  ['a field that may not be there', z.object({ a: text, b: z.never().optional() }), z.strictObject({ a: text }), []],
  ['a demanded field that is not written', z.object({ a: text }), z.object({ a: text, b: text }), ['b absent']],
  ['a demanded field that is optional where it is written', one(text.optional()), one(text), ['field absent']],
  ['an optional field that is always written', one(text), one(text.optional()), []],
  ['an optional field that is not written', z.object({}), one(text.optional()), []],
  ['a field with a default that is not written', z.object({}), one(text.default('x')), []],
  ['a field with a default where it is written', one(text.default('x')), one(text), []],
  ['a demanded field with another name', z.object({ id: text }), z.object({ orderId: text }), ['id renamed']],
  [
    'an optional field with another name',
    z.object({ note: text.optional() }),
    z.object({ remark: text.optional() }),
    ['note renamed'],
  ],
  ['another field of another shape', z.object({ note: text }), z.object({ count: z.int().optional() }), []],
  ['a field of a field', z.object({ a: one(text) }), z.object({ a: one(z.number()) }), ['a.field type']],
  ['a field that may be null', one(text.nullable()), one(text), ['field value']],
  ['a field that may be null where it is read', one(text), one(text.nullable()), []],
  ['more fields than are read, at any place', z.looseObject({ a: text }), z.strictObject({ a: text }), ['* refused']],
  [
    'more fields, one of which is read as a number',
    z.looseObject({ a: text }),
    z.object({ a: text, b: z.number().optional() }),
    ['b type'],
  ],
  // types
  ['a whole number where any is read', one(z.int()), one(z.number()), []],
  ['any number where a whole one is read', one(z.number().min(-9).max(9)), one(z.int()), ['field type']],
  ['a text where a number is read', one(text), one(z.number()), ['field type']],
  ['a text where anything is read', one(text), one(z.unknown()), []],
  ['anything where a text is read', one(z.unknown()), one(text), ['field type']],
  ['a truth where a text is read', one(z.boolean()), one(text), ['field value']],
  ['a truth where a truth is read', one(z.boolean()), one(z.boolean()), []],
  ['nothing but null where null may be', one(z.null()), one(text.nullable()), []],
  ['a list where one is read', one(text), one(z.array(text)), ['field type']],
  ['something where nothing is read', one(text), one(z.never()), ['field refused']],
  // values
  ['a value more than is read', one(z.enum(['a', 'b', 'c'])), one(z.enum(['a', 'b'])), ['field value']],
  ['a value less than is read', one(z.enum(['a'])), one(z.enum(['a', 'b'])), []],
  ['values in another order', one(z.enum(['a', 'b'])), one(z.enum(['b', 'a'])), []],
  ['values where a text is read', one(z.enum(['a', 'b'])), one(text), []],
  ['values that are too long for the text', one(z.enum(['a', 'bcd'])), one(text.max(2)), ['field value']],
  ['values that fit a pattern', one(z.enum(['a1', 'b2'])), one(text.regex(/^[a-z]\d$/)), []],
  ['a value that does not fit a pattern', one(z.enum(['a1', 'b'])), one(text.regex(/^[a-z]\d$/)), ['field value']],
  ['any text where values are read', one(text), one(z.enum(['a', 'b'])), ['field value']],
  ['a constant among values', one(z.literal('KRW')), one(z.enum(['KRW', 'USD'])), []],
  ['another constant', one(z.literal('USD')), one(z.literal('KRW')), ['field value']],
  ['a number out of the range', one(z.literal(12)), one(z.int().max(10)), ['field value']],
  ['a constant text where a number is read', one(z.literal('1')), one(z.number()), ['field value']],
  // texts
  ['a text that may be longer', one(text.max(20)), one(text.max(10)), ['field limit']],
  ['a text that is shorter', one(text.max(10)), one(text.max(20)), []],
  ['a text of any length', one(text), one(text.max(10)), ['field limit']],
  ['a text that may be empty', one(text), one(text.min(1)), ['field limit']],
  ['a text with a pattern', one(text.regex(/^a/)), one(text), []],
  ['a text without the pattern', one(text), one(text.regex(/^a/)), ['field pattern']],
  ['a text with another pattern', one(text.regex(/^b/)), one(text.regex(/^a/)), ['field pattern']],
  ['a text with the format', one(z.uuid()), one(z.uuid()), []],
  ['a text with a format', one(z.uuid()), one(text), []],
  ['a text without the format', one(text), one(z.uuid()), ['field format']],
  ['a text with another format', one(z.email()), one(z.iso.datetime()), ['field format']],
  // numbers
  ['a number that may be less', one(z.number().min(0)), one(z.number().min(1)), ['field limit']],
  ['a number that may be more', one(z.number().max(10)), one(z.number().max(9)), ['field limit']],
  ['a number within the range', one(z.number().min(2).max(8)), one(z.number().min(1).max(9)), []],
  ['a number that may be the bound', one(z.number().min(0)), one(z.number().gt(0)), ['field limit']],
  ['a number that may not be the bound', one(z.number().gt(0)), one(z.number().min(0)), []],
  ['a number without a bound', one(z.number()), one(z.number().min(0)), ['field limit']],
  ['multiples of a multiple', one(z.number().multipleOf(10)), one(z.number().multipleOf(5)), []],
  ['multiples of something else', one(z.number().multipleOf(3)), one(z.number().multipleOf(5)), ['field limit']],
  ['a whole number as a multiple of one', one(z.int()), one(z.number().multipleOf(1)), []],
  // lists
  ['a list of what is read', one(z.array(z.int())), one(z.array(z.number())), []],
  ['a list of something else', one(z.array(text)), one(z.array(z.number())), ['field[] type']],
  ['a list that may be longer', one(z.array(text).max(9)), one(z.array(text).max(8)), ['field limit']],
  ['a list that may be empty', one(z.array(text)), one(z.array(text).min(1)), ['field limit']],
  ['a pair as a list', one(z.tuple([text, text])), one(z.array(text)), []],
  [
    'a list as a pair',
    one(z.array(text)),
    one(z.tuple([text, text])),
    ['field limit', 'field limit', 'field[] refused'],
  ],
  ['a pair whose second is another', one(z.tuple([text, text])), one(z.tuple([text, z.int()])), ['field[1] type']],
  [
    'fields of the items of a list',
    one(z.array(one(text))),
    one(z.array(z.object({ field: text, more: text }))),
    ['field[].more absent'],
  ],
  // names
  ['a table of texts', one(z.record(text, text)), one(z.record(text, z.unknown())), []],
  ['a table of something else', one(z.record(text, text)), one(z.record(text, z.int())), ['field.* type']],
  ['an object as a table', z.object({ a: text, b: text }), z.record(text, text), []],
  ['an object with a number as a table of texts', z.object({ a: text, b: z.int() }), z.record(text, text), ['b type']],
  ['a table as an object', z.record(text, text), z.object({ a: text }), ['a absent']],
  [
    'a table with names that are not read',
    z.partialRecord(z.enum(['a', 'b']), text),
    z.partialRecord(z.enum(['a']), text),
    ['(name) value'],
  ],
  // variants
  ['one of the variants', one(text), one(z.union([text, z.number()])), []],
  ['a variant more than is read', one(z.union([text, z.number()])), one(text), ['field type']],
  ['variants in another order', one(z.union([text, z.number()])), one(z.union([z.number(), text])), []],
  ['one of the kinds', circle, z.discriminatedUnion('kind', [circle, square]), []],
  ['a kind more than is read', z.discriminatedUnion('kind', [circle, square]), circle, ['kind value']],
  [
    'a kind that is read with more',
    z.discriminatedUnion('kind', [circle, square]),
    z.discriminatedUnion('kind', [circle, square.extend({ colour: text })]),
    ['colour absent'],
  ],
  [
    'what is two things at once',
    z.intersection(z.object({ a: text }), z.object({ b: text })),
    z.object({ a: text, b: text }),
    [],
  ],
  [
    'what must be two things at once',
    z.object({ a: text }),
    z.intersection(z.object({ a: text }), z.object({ b: text })),
    ['b absent'],
  ],
  // what refers to itself
  ['a tree', tree(text.max(5)), tree2, []],
  ['a tree with longer labels at its root', tree(text.max(6)), tree2, ['label limit']],
];

for (const [what, written, read, gaps] of cases) {
  test(`${what} is ${gaps.length === 0 ? 'read' : 'found'}`, () => assert.deepEqual(rulesOf(written, read), gaps));
}

test('there is a case for every rule, and both outcomes are among them', () => {
  assert.ok(cases.length >= 60, `${cases.length} cases`);
  const rules = new Set(cases.flatMap(([, , , gaps]) => gaps.map((one) => one.split(' ').at(-1))));
  for (const rule of ['absent', 'renamed', 'refused', 'type', 'value', 'limit', 'pattern', 'format'])
    assert.ok(rules.has(rule), rule);
  assert.ok(cases.filter(([, , , gaps]) => gaps.length === 0).length >= 25);
});

test('what cannot be decided counts as a gap', () => {
  const odd = { type: 'string', contentEncoding: 'base64' };
  assert.deepEqual(
    schemaGaps({ type: 'string' }, odd).map(({ rule }) => rule),
    ['incomparable'],
  );
  assert.deepEqual(schemaGaps(odd, odd), []);
  const overlapping = {
    oneOf: [
      { type: 'string', minLength: 2 },
      { type: 'string', maxLength: 4 },
    ],
  };
  assert.deepEqual(
    schemaGaps({ type: 'string', minLength: 5 }, overlapping).map(({ rule }) => rule),
    ['incomparable'],
  );
  assert.deepEqual(
    schemaGaps({ $ref: '#/$defs/gone' }, { type: 'string' }).map(({ rule }) => rule),
    ['incomparable'],
  );
});

test('a gap says in words what may come and what is read', () => {
  assert.deepEqual(gapsOf(one(z.enum(['a', 'b', 'c'])), one(z.enum(['a', 'b']))), [
    { path: 'field', rule: 'value', written: '"c"', read: '"a" or "b"' },
  ]);
  assert.deepEqual(gapsOf(one(z.number().min(0)), one(z.number().gt(0))), [
    { path: 'field', rule: 'limit', written: '>= 0', read: '> 0' },
  ]);
});
