import type { JsonSchema } from '@dure/core';

/** A schema, or the two that are said shortly: everything, and nothing. */
export type SchemaNode = JsonSchema | boolean;

const notes: ReadonlySet<string> = new Set([
  ...[
    '$schema',
    '$id',
    '$comment',
    'title',
    'description',
    'default',
    'examples',
    'deprecated',
    'readOnly',
    'writeOnly',
  ],
]);
const ofOne: ReadonlySet<string> = new Set([
  ...['items', 'additionalProperties', 'propertyNames', 'not', 'contains', 'if', 'then', 'else'],
]);
const ofSeveral: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const byName: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas']);
const unordered: ReadonlySet<string> = new Set(['required', 'enum', 'type']);

/**
 * A schema without what says nothing about values, in an order that is always the same. `open`: without the word that nothing
 * else is in an object, which a schema of what is written says of every object.
 */
export function normalSchema(schema: JsonSchema, open: boolean): JsonSchema {
  return normal(schema, open) as JsonSchema;
}

function normal(schema: unknown, open: boolean): SchemaNode {
  if (!isObject(schema)) return schema === true || schema === false ? schema : {};
  const kept = Object.entries(schema)
    .filter(([key, value]) => !notes.has(key) && !saysNothing(key, value, open) && !isAnyWhole(schema, key, value))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, normalPart(key, value, open)]);
  return Object.fromEntries(kept);
}

function saysNothing(key: string, value: unknown, open: boolean): boolean {
  if (key === 'additionalProperties') return open && value === false;
  // The names of fields are texts.
  return key === 'propertyNames' && isObject(value) && Object.keys(value).length === 1 && value.type === 'string';
}

/** A whole number is one that JSON carries exactly (RFC 8259 §6). */
function isAnyWhole({ type }: Readonly<Record<string, unknown>>, key: string, value: unknown): boolean {
  if (type !== 'integer') return false;
  return (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) >= Number.MAX_SAFE_INTEGER;
}

function normalPart(key: string, value: unknown, open: boolean): unknown {
  if (ofOne.has(key)) return normal(value, open);
  if (ofSeveral.has(key) && Array.isArray(value)) return value.map((one) => normal(one, open));
  if (byName.has(key) && isObject(value)) {
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, one]) => [name, normal(one, open)]));
  }
  if (unordered.has(key) && Array.isArray(value)) return [...value].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  return value;
}

/** Whether two values are the same JSON, whatever the order of their members. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => sameJson(one, b[at]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && sameJson(a[name], b[name]));
}

/** A value in few words. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
