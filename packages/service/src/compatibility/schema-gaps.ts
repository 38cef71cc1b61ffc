import type { JsonSchema } from '@dure/core';
import { arrayGaps } from './array-gaps.ts';
import type { SchemaNode } from './normal-schema.ts';
import { isObject, sameJson, textOf } from './normal-schema.ts';
import { objectGaps } from './object-gaps.ts';
import { numberGaps, stringGaps } from './scalar-gaps.ts';
import type { Compare, SchemaGap } from './schema-gap.ts';
import { takesValue } from './takes-value.ts';
import { areDisjoint, isAnything, isNothing, resolved, variantsOf } from './variants.ts';

/**
 * What may be written by the one schema and is not read by the other; empty when whatever is valid by the first is valid by the
 * second. What cannot be decided counts as a gap. Of an object that is written nothing is expected but what its schema names; one
 * that is read takes more, unless it says otherwise. Both in their normal form.
 *
 * Deciding this for all of JSON Schema takes exponential time (Habib et al., "Finding data compatibility bugs with JSON subschema
 * checks", 2021); we decide for what validators write, keyword by keyword.
 */
export function schemaGaps(written: JsonSchema, read: JsonSchema): readonly SchemaGap[] {
  const assumed = new Set<string>();
  const compare: Compare = (writtenNode, readNode, path) => {
    const w = resolved(writtenNode, written);
    const r = resolved(readNode, read);
    if (w === undefined || r === undefined) return [gap(path, 'incomparable', 'a reference', 'what it names')];
    if (!isReference(writtenNode) && !isReference(readNode)) return compareNodes(w, r, path, compare);
    // What refers to itself holds while it is being compared (Amadio and Cardelli, "Subtyping recursive types", 1993).
    const pair = `${textOf(writtenNode)} ${textOf(readNode)}`;
    if (assumed.has(pair)) return [];
    assumed.add(pair);
    const gaps = compareNodes(w, r, path, compare);
    assumed.delete(pair);
    return gaps;
  };
  return distinct(compare(written, read, ''));
}

function compareNodes(written: SchemaNode, read: SchemaNode, path: string, compare: Compare): readonly SchemaGap[] {
  if (isAnything(read) || isNothing(written)) return [];
  if (isNothing(read)) return [gap(path, 'refused', described(written), 'nothing')];
  if (isAnything(written)) return [gap(path, 'type', 'anything', described(read))];
  if (sameJson(written, read) && !textOf(written).includes('"$ref"')) return [];
  const variants = variantsOf(written);
  if (variants.length > 1 || variants[0] !== written) return variants.flatMap((one) => compare(one, read, path));
  return isObject(written) && isObject(read) ? compareVariant(written, read, path, compare) : [];
}

/** Whether one variant of what is written fits any of what is read; if none, why not the one that is nearest. */
function compareVariant(written: JsonSchema, read: JsonSchema, path: string, compare: Compare): readonly SchemaGap[] {
  const values = valuesOf(written);
  if (values !== undefined) {
    const refused = values.filter(
      (value) => !takesValue(value, read, (node) => compare({ const: value }, node, path).length === 0),
    );
    return refused.length === 0 ? [] : [gap(path, 'value', refused.map(textOf).join(' or '), described(read))];
  }
  const variants = variantsOf(read);
  if (variants.length > 1 || variants[0] !== read) return nearestGaps(written, read, variants, path, compare);
  if (Array.isArray(read.allOf)) return read.allOf.flatMap((one: SchemaNode) => compare(written, one, path));
  return compareSingle(written, read, path, compare);
}

function nearestGaps(
  written: JsonSchema,
  read: JsonSchema,
  variants: readonly SchemaNode[],
  path: string,
  compare: Compare,
): readonly SchemaGap[] {
  if (Array.isArray(read.oneOf) && !areDisjoint(read.oneOf))
    return sameJson(written.oneOf, read.oneOf) ? [] : [gap(path, 'incomparable', described(written), described(read))];
  const outcomes = variants.map((variant) => ({ variant, gaps: compare(written, variant, path) }));
  if (outcomes.some(({ gaps }) => gaps.length === 0)) return [];
  const [nearest] = outcomes
    .filter(({ variant }) => !areDisjoint([written, variant]))
    .sort((a, b) => a.gaps.length - b.gaps.length);
  return nearest?.gaps ?? [gap(path, 'type', described(written), described(read))];
}

function compareSingle(written: JsonSchema, read: JsonSchema, path: string, compare: Compare): readonly SchemaGap[] {
  if (read.enum !== undefined || 'const' in read) return [gap(path, 'value', described(written), described(read))];
  const strange = Object.keys(read).find((key) => !known.has(key) && !sameJson(read[key], written[key]));
  if (strange !== undefined)
    return [gap(path, 'incomparable', `${strange} ${textOf(written[strange])}`, `${strange} ${textOf(read[strange])}`)];
  if (read.type !== undefined && read.type !== written.type && !(read.type === 'number' && written.type === 'integer'))
    return [gap(path, 'type', described(written), described(read))];
  switch (written.type) {
    case 'string':
      return stringGaps(written, read, path);
    case 'integer':
    case 'number':
      return numberGaps(written, read, path);
    case 'array':
      return arrayGaps(written, read, path, compare);
    case 'object':
      return objectGaps(written, read, path, compare);
    default:
      return read.type !== undefined ? [] : [gap(path, 'incomparable', described(written), described(read))];
  }
}

const known: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const', '$defs', '$ref', 'minLength', 'maxLength', 'pattern', 'format', 'minimum', 'maximum'],
  ...[
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
    'items',
    'prefixItems',
    'minItems',
    'maxItems',
    'uniqueItems',
  ],
  ...['properties', 'required', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties'],
]);

/** All that a schema allows, where that are few values. */
function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  return schema.type === 'null' ? [null] : undefined;
}

/** A schema in few words. */
function described(schema: SchemaNode): string {
  if (isAnything(schema)) return 'anything';
  if (!isObject(schema)) return 'nothing';
  const values = valuesOf(schema);
  if (values !== undefined && schema.type !== 'boolean') return values.map(textOf).join(' or ');
  const variants = variantsOf(schema);
  if (variants.length > 1) return variants.map(described).join(' or ');
  if (schema.type === undefined) return textOf(schema);
  const article = /^[aeiou]/.test(String(schema.type)) ? 'an' : 'a';
  const fields = isObject(schema.properties) ? ` of ${Object.keys(schema.properties).join(', ')}` : '';
  return `${article} ${String(schema.type)}${schema.type === 'object' ? fields : ''}`;
}

function gap(path: string, rule: SchemaGap['rule'], written: string, read: string): SchemaGap {
  return { path, rule, written, read };
}

function isReference(node: SchemaNode): boolean {
  return isObject(node) && typeof node.$ref === 'string';
}

function distinct(gaps: readonly SchemaGap[]): readonly SchemaGap[] {
  return [...new Map(gaps.map((one) => [textOf(one), one])).values()];
}
