import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, jsonSchemaOf } from '@dure/core';
import * as fc from 'fast-check';
import { z } from 'zod';
import { normalSchema } from './normal-schema.ts';
import { schemaGaps } from './schema-gaps.ts';

/** A shape of which both a schema and values can be made. */
type Shape =
  | { readonly kind: 'text'; readonly min: number; readonly max: number | undefined }
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      readonly whole: boolean;
      readonly open: boolean;
    }
  | { readonly kind: 'truth' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'values'; readonly values: readonly string[] }
  | { readonly kind: 'nullable'; readonly of: Shape }
  | { readonly kind: 'list'; readonly of: Shape; readonly min: number; readonly max: number }
  | { readonly kind: 'pair'; readonly first: Shape; readonly second: Shape }
  | { readonly kind: 'table'; readonly of: Shape }
  | { readonly kind: 'either'; readonly of: readonly Shape[] }
  | { readonly kind: 'object'; readonly fields: readonly Field[]; readonly strict: boolean };

interface Field {
  readonly name: string;
  readonly of: Shape;
  readonly presence: 'always' | 'optional' | 'default';
}

const small = fc.integer({ min: 0, max: 4 });
const name = fc.constantFrom('a', 'b', 'c', 'd');

const { shape } = fc.letrec<{ shape: Shape; object: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('text' as const),
      min: small,
      max: fc.option(fc.integer({ min: 4, max: 8 }), { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant('number' as const),
      min: small,
      max: fc.integer({ min: 5, max: 9 }),
      whole: fc.boolean(),
      open: fc.boolean(),
    }),
    fc.constant({ kind: 'truth' as const }),
    fc.constant({ kind: 'uuid' as const }),
    fc.record({
      kind: fc.constant('values' as const),
      values: fc.uniqueArray(fc.constantFrom('v', 'w', 'x', 'yy', 'zzzzz'), { minLength: 1 }),
    }),
    fc.record({ kind: fc.constant('nullable' as const), of: tie('shape') }),
    fc.record({
      kind: fc.constant('list' as const),
      of: tie('shape'),
      min: fc.integer({ min: 0, max: 1 }),
      max: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constant('pair' as const), first: tie('shape'), second: tie('shape') }),
    fc.record({ kind: fc.constant('table' as const), of: tie('shape') }),
    fc.record({ kind: fc.constant('either' as const), of: fc.array(tie('shape'), { minLength: 2, maxLength: 3 }) }),
    tie('object'),
  ) as fc.Arbitrary<Shape>,
  object: fc.record({
    kind: fc.constant('object' as const),
    strict: fc.boolean(),
    fields: fc.uniqueArray(
      fc.record({
        name,
        of: tie('shape'),
        presence: fc.constantFrom('always', 'optional', 'default'),
      }) as fc.Arbitrary<Field>,
      { selector: (field) => field.name, maxLength: 4 },
    ),
  }) as fc.Arbitrary<Shape>,
}));

function schemaOf(one: Shape): z.ZodType {
  switch (one.kind) {
    case 'text':
      return one.max === undefined ? z.string().min(one.min) : z.string().min(one.min).max(one.max);
    case 'number': {
      const number = one.whole ? z.int() : z.number();
      return one.open ? number.gt(one.min).lt(one.max) : number.min(one.min).max(one.max);
    }
    case 'truth':
      return z.boolean();
    case 'uuid':
      return z.uuid();
    case 'values':
      return z.enum(one.values);
    case 'nullable':
      return schemaOf(one.of).nullable();
    case 'list':
      return z.array(schemaOf(one.of)).min(one.min).max(one.max);
    case 'pair':
      return z.tuple([schemaOf(one.first), schemaOf(one.second)]);
    case 'table':
      return z.record(z.string(), schemaOf(one.of));
    case 'either':
      return z.union(one.of.map(schemaOf));
    case 'object': {
      const fields = Object.fromEntries(one.fields.map((field) => [field.name, fieldOf(field)]));
      return one.strict ? z.strictObject(fields) : z.object(fields);
    }
  }
}

function fieldOf({ of, presence }: Field): z.ZodType {
  const schema = schemaOf(of);
  if (presence === 'always') return schema;
  return presence === 'optional'
    ? schema.optional()
    : schema.default(fc.sample(valuesOf(of), { numRuns: 1, seed: 1 })[0]);
}

function valuesOf(one: Shape): fc.Arbitrary<unknown> {
  switch (one.kind) {
    case 'text':
      return fc.string({ minLength: one.min, maxLength: one.max ?? 12, unit: 'grapheme-ascii' });
    case 'number':
      return one.whole
        ? fc.integer(one.open ? { min: one.min + 1, max: Math.max(one.min + 1, one.max - 1) } : one)
        : fc.double({ min: one.min, max: one.max, noNaN: true, minExcluded: one.open, maxExcluded: one.open });
    case 'truth':
      return fc.boolean();
    case 'uuid':
      return fc.uuid({ version: [4, 7] });
    case 'values':
      return fc.constantFrom(...one.values);
    case 'nullable':
      return fc.option(valuesOf(one.of));
    case 'list':
      return fc.array(valuesOf(one.of), { minLength: one.min, maxLength: one.max });
    case 'pair':
      return fc.tuple(valuesOf(one.first), valuesOf(one.second));
    case 'table':
      return fc.dictionary(fc.constantFrom('a', 'b', 'k'), valuesOf(one.of), { maxKeys: 3 });
    case 'either':
      return fc.oneof(...one.of.map(valuesOf));
    case 'object': {
      const always = one.fields.filter(({ presence }) => presence === 'always').map((field) => field.name);
      return fc.record(Object.fromEntries(one.fields.map(({ name: field, of }) => [field, valuesOf(of)])), {
        requiredKeys: always,
      });
    }
  }
}

/** The same shape after a change somewhere in it, as somebody would make one. */
function changed(one: Shape): fc.Arbitrary<Shape> {
  const inner: fc.Arbitrary<Shape>[] = [];
  if ('of' in one && !Array.isArray(one.of))
    inner.push(changed(one.of as Shape).map((of) => ({ ...one, of }) as Shape));
  if (one.kind === 'pair') inner.push(changed(one.second).map((second) => ({ ...one, second })));
  if (one.kind === 'either') {
    inner.push(
      shape.map((more) => ({ ...one, of: [...one.of, more] })),
      fc.constant({ ...one, of: one.of.slice(1) }),
    );
  }
  if (one.kind === 'text' || one.kind === 'number') inner.push(small.map((min) => ({ ...one, min })));
  if (one.kind === 'values')
    inner.push(
      fc.constant({ ...one, values: [...one.values, 'new'] }),
      fc.constant({ kind: 'text', min: 0, max: undefined }),
    );
  if (one.kind === 'object') {
    const { fields } = one;
    inner.push(
      shape.map((of) => ({ ...one, fields: [...fields, { name: 'e', of, presence: 'optional' as const }] })),
      shape.map((of) => ({ ...one, fields: [...fields, { name: 'e', of, presence: 'always' as const }] })),
      fc.constant({ ...one, fields: fields.slice(1) }),
      fc.constantFrom('always' as const, 'optional' as const, 'default' as const).map((presence) => ({
        ...one,
        fields: fields.map((field, at) => (at === 0 ? { ...field, presence } : field)),
      })),
      ...fields.map((field, at) =>
        changed(field.of).map((of) => ({
          ...one,
          fields: fields.map((other, place) => (place === at ? { ...field, of } : other)),
        })),
      ),
    );
  }
  return fc.oneof(fc.constant({ kind: 'nullable', of: one } as Shape), fc.constant(one), ...inner);
}

/** A value as it stands in a log: through the schema, and as JSON. */
function writtenBy(schema: z.ZodType, value: unknown): unknown {
  const checked = check(schema, value);
  return checked.ok ? JSON.parse(JSON.stringify(checked.value)) : undefined;
}

const gapsOf = (written: z.ZodType, read: z.ZodType) =>
  schemaGaps(
    normalSchema(jsonSchemaOf(written, 'output', 'written'), true),
    normalSchema(jsonSchemaOf(read, 'input', 'read'), false),
  );

/** Pairs of a shape, another that came of it, and what may be written by the first. */
const pairs = shape.chain((one) =>
  fc.record({
    written: fc.constant(one),
    read: fc.oneof({ weight: 5, arbitrary: changed(one) }, { weight: 1, arbitrary: shape }),
    values: fc.array(valuesOf(one), { minLength: 8, maxLength: 8 }),
  }),
);

test('whatever is written by a schema is read by one that is called compatible with it', () => {
  let compatible = 0;
  let gapped = 0;
  void fc.assert(
    fc.property(pairs, ({ written, read, values }) => {
      const [before, now] = [schemaOf(written), schemaOf(read)];
      if (gapsOf(before, now).length > 0) {
        gapped += 1;
        return;
      }
      compatible += 1;
      for (const value of values) {
        const logged = writtenBy(before, value);
        if (logged === undefined) continue;
        const checked = check(now, logged);
        assert.ok(checked.ok, `${JSON.stringify(logged)} is not read: ${JSON.stringify(checked)}`);
      }
    }),
    { numRuns: 3_000, seed: 20_261_128 },
  );
  assert.ok(compatible > 500 && gapped > 500, `${compatible} compatible, ${gapped} not`);
});

test('a schema reads what is written by itself', () => {
  void fc.assert(
    fc.property(shape, (one) => assert.deepEqual(gapsOf(schemaOf(one), schemaOf(one)), [])),
    { numRuns: 1_000, seed: 20_261_128 },
  );
});

test('what is read by the second and written by the first is found: few gaps are imagined', () => {
  let imagined = 0;
  let real = 0;
  void fc.assert(
    fc.property(pairs, ({ written, read, values }) => {
      const [before, now] = [schemaOf(written), schemaOf(read)];
      if (gapsOf(before, now).length === 0) return;
      const logged = values.flatMap((value) => writtenBy(before, value) ?? []);
      if (logged.some((value) => !check(now, value).ok)) real += 1;
      else imagined += 1;
    }),
    { numRuns: 1_000, seed: 20_261_128 },
  );
  assert.ok(real > imagined, `${real} gaps were shown by a value, ${imagined} were not`);
});
