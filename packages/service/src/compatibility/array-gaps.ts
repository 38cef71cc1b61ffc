import type { JsonSchema } from '@dure/core';
import type { SchemaNode } from './normal-schema.ts';
import { limitGaps } from './scalar-gaps.ts';
import type { Compare, SchemaGap } from './schema-gap.ts';
import { listOf } from './variants.ts';

/** What of lists may be written and is not read. */
export function arrayGaps(written: JsonSchema, read: JsonSchema, path: string, compare: Compare): readonly SchemaGap[] {
  const most = mostItems(written);
  const limits = limitGaps({ ...written, ...(most === Infinity ? {} : { maxItems: most }) }, read, path, {
    minItems: 'least',
    maxItems: 'most',
  });
  const unique =
    read.uniqueItems === true && written.uniqueItems !== true && most > 1
      ? [{ path, rule: 'limit' as const, written: 'the same item twice', read: 'each item once' }]
      : [];
  const fixed = Math.max(listOf(written.prefixItems).length, listOf(read.prefixItems).length);
  const places = Array.from({ length: Math.min(fixed, most) }, (_, at) =>
    compare(itemAt(written, at), itemAt(read, at), `${path}[${at}]`),
  );
  const others = most > fixed ? compare(itemAt(written, fixed), itemAt(read, fixed), `${path}[]`) : [];
  return [...limits, ...unique, ...places.flat(), ...others];
}

function itemAt({ prefixItems, items = true }: JsonSchema, at: number): SchemaNode {
  return (listOf(prefixItems)[at] ?? items) as SchemaNode;
}

/** The longest list that can be written. */
function mostItems({ prefixItems, items, maxItems }: JsonSchema): number {
  const listed = items === false ? listOf(prefixItems).length : Infinity;
  return Math.min(listed, typeof maxItems === 'number' ? maxItems : Infinity);
}
