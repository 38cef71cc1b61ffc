import type { JsonSchema } from '@dure/core';
import type { SchemaNode } from './normal-schema.ts';
import { isObject, sameJson } from './normal-schema.ts';
import { limitGaps } from './scalar-gaps.ts';
import type { Compare, SchemaGap } from './schema-gap.ts';
import { areDisjoint, isAnything, isNothing, listOf } from './variants.ts';

/** What of objects may be written and is not read. */
export function objectGaps(
  written: JsonSchema,
  read: JsonSchema,
  path: string,
  compare: Compare,
): readonly SchemaGap[] {
  const sides: Sides = { written: fieldsOf(written), read: fieldsOf(read), path, compare };
  // Another kind of object, by a field that says so: what else differs is no news.
  if (areDisjoint([written, read])) return fieldGaps(sides).filter(({ rule }) => rule === 'value');
  const renamed = renamedFields(sides);
  return [
    ...renamed.map(([before, after]) => ({
      path: at(path, before),
      rule: 'renamed' as const,
      written: before,
      read: after,
    })),
    ...fieldGaps(sides),
    ...demandGaps(sides, new Set(renamed.map(([, after]) => after))),
    ...otherGaps(sides),
    ...nameGaps(written, read, sides),
    ...limitGaps(counted(written, sides.written), read, path, { minProperties: 'least', maxProperties: 'most' }),
  ];
}

interface Fields {
  readonly named: Readonly<Record<string, SchemaNode>>;
  readonly required: ReadonlySet<unknown>;
  /** What other fields may be; undefined where nothing is said. */
  readonly others: SchemaNode | undefined;
}

interface Sides {
  readonly written: Fields;
  readonly read: Fields;
  readonly path: string;
  readonly compare: Compare;
}

function fieldsOf({ properties, required, additionalProperties, patternProperties }: JsonSchema): Fields {
  return {
    named: (isObject(properties) ? properties : {}) as Readonly<Record<string, SchemaNode>>,
    required: new Set(listOf(required)),
    others: (patternProperties === undefined ? additionalProperties : true) as SchemaNode | undefined,
  };
}

/** A field that is gone beside a new one of the same shape: what is written into the one is lost to who reads the other. */
function renamedFields({ written, read }: Sides): readonly (readonly [string, string])[] {
  if (read.others !== undefined && !isAnything(read.others)) return [];
  const gone = Object.keys(written.named).filter((name) => !(name in read.named));
  const taken = new Set<string>();
  return gone.flatMap((before) => {
    const after = Object.keys(read.named).find(
      (name) => !(name in written.named) && !taken.has(name) && sameJson(read.named[name], written.named[before]),
    );
    if (after === undefined) return [];
    taken.add(after);
    return [[before, after] as const];
  });
}

function fieldGaps({ written, read, path, compare }: Sides): readonly SchemaGap[] {
  return Object.entries(written.named).flatMap(([name, field]) => {
    const taken = read.named[name] ?? read.others ?? true;
    if (isNothing(field)) return [];
    if (isNothing(taken))
      return [{ path: at(path, name), rule: 'refused' as const, written: 'present', read: 'no such field' }];
    return compare(field, taken, at(path, name));
  });
}

function demandGaps({ written, read, path }: Sides, renamed: ReadonlySet<string>): readonly SchemaGap[] {
  return [...read.required]
    .map(String)
    .filter((name) => !written.required.has(name) && !renamed.has(name))
    .map((name) => ({ path: at(path, name), rule: 'absent' as const, written: 'absent', read: 'present' }));
}

/** Fields that are not named where they are written may have any name that is named where they are read. */
function otherGaps({ written, read, path, compare }: Sides): readonly SchemaGap[] {
  const { others } = written;
  if (others === undefined || isNothing(others)) return [];
  const named = Object.entries(read.named).filter(([name]) => !(name in written.named));
  return [
    ...named.flatMap(([name, field]) => compare(others, field, at(path, name))),
    ...compare(others, read.others ?? true, at(path, '*')),
  ];
}

function nameGaps(
  written: JsonSchema,
  read: JsonSchema,
  { written: fields, path, compare }: Sides,
): readonly SchemaGap[] {
  if (read.propertyNames === undefined) return [];
  const names = read.propertyNames as SchemaNode;
  const free =
    fields.others === undefined || isNothing(fields.others)
      ? []
      : compare((written.propertyNames ?? { type: 'string' }) as SchemaNode, names, at(path, '(name)'));
  return [...Object.keys(fields.named).flatMap((name) => compare({ const: name }, names, at(path, name))), ...free];
}

/** How many fields there are, as far as that is said by naming them. */
function counted(schema: JsonSchema, { named, required, others }: Fields): JsonSchema {
  const isClosed = others === undefined || isNothing(others);
  return {
    minProperties: Math.max(required.size, Number(schema.minProperties ?? 0)),
    ...(isClosed
      ? { maxProperties: Math.min(Object.keys(named).length, Number(schema.maxProperties ?? Infinity)) }
      : {}),
    ...(!isClosed && schema.maxProperties !== undefined ? { maxProperties: schema.maxProperties } : {}),
  };
}

function at(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
