import type { SchemaNode } from './normal-schema.ts';
import { isObject, sameJson } from './normal-schema.ts';
import { areDisjoint, isAnything, variantsOf } from './variants.ts';

/**
 * Whether a schema takes a value, a text, a number, a truth or null; of anything else only what it lists itself. `byReference`
 * decides where the schema refers to another.
 */
export function takesValue(value: unknown, schema: SchemaNode, byReference: (node: SchemaNode) => boolean): boolean {
  if (isAnything(schema)) return true;
  if (!isObject(schema)) return false;
  if (typeof schema.$ref === 'string') return byReference(schema);
  if ('const' in schema) return sameJson(schema.const, value);
  if (Array.isArray(schema.enum)) return schema.enum.some((one) => sameJson(one, value));
  if (Array.isArray(schema.oneOf) && !areDisjoint(schema.oneOf)) return false;
  const variants = variantsOf(schema);
  if (variants.length > 1 || variants[0] !== schema) return variants.some((one) => takesValue(value, one, byReference));
  if (Array.isArray(schema.allOf)) return schema.allOf.every((one: SchemaNode) => takesValue(value, one, byReference));
  if (Object.keys(schema).some((key) => !judged.has(key))) return false;
  return (
    takesType(value, schema.type) && (typeof value === 'string' ? takesText(value, schema) : takesNumber(value, schema))
  );
}

const judged: ReadonlySet<string> = new Set([
  ...[
    'type',
    'minLength',
    'maxLength',
    'pattern',
    'format',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
  ],
  ...['multipleOf', '$defs'],
]);

function takesType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true;
  if (value === null) return type === 'null';
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function takesText(value: string, { minLength = 0, maxLength = Infinity, pattern, format }: Record<string, unknown>) {
  const length = [...value].length;
  if (length < Number(minLength) || length > Number(maxLength)) return false;
  // A format by itself is only a name to us; a pattern beside it says what it means.
  if (pattern === undefined) return format === undefined;
  return typeof pattern === 'string' && matches(value, pattern);
}

function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return false;
  }
}

function takesNumber(value: unknown, schema: Readonly<Record<string, unknown>>): boolean {
  if (typeof value !== 'number') return true;
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  if (value < Number(minimum) || value > Number(maximum)) return false;
  if (schema.exclusiveMinimum !== undefined && value <= Number(exclusiveMinimum)) return false;
  if (schema.exclusiveMaximum !== undefined && value >= Number(exclusiveMaximum)) return false;
  return schema.multipleOf === undefined || Number.isInteger(value / Number(schema.multipleOf));
}
