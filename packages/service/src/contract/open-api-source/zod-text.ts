import type { Document, JsonObject, Place } from './document.ts';
import { at, isObject, itemsOf, membersOf, refuse } from './document.ts';
import { listText, literal, objectText } from './source-text.ts';

/** Gives the schemas that are referred to their names. */
export interface NamedSchemas {
  /** The constant of the schema that a `$ref` names; undefined when it is refused. */
  nameOf(reference: string, from: Place): string | undefined;
}

/** Keywords that say nothing about the type of a value, or nothing that its users depend on. */
const silent: ReadonlySet<string> = new Set(
  '$schema $id $anchor $comment title description default example examples deprecated readOnly writeOnly externalDocs xml discriminator uniqueItems contentMediaType contentEncoding contentSchema'.split(
    ' ',
  ),
);
const understood: ReadonlySet<string> = new Set(
  '$ref type nullable enum const format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf items prefixItems minItems maxItems properties required additionalProperties allOf anyOf oneOf'.split(
    ' ',
  ),
);

/** A schema of an OpenAPI document as Zod. What Zod cannot say is refused. */
export function zodText(document: Document, named: NamedSchemas, place: Place): string {
  const { value: schema } = place;
  if (schema === undefined || schema === true) return 'z.unknown()';
  if (schema === false) return 'z.never()';
  if (!isObject(schema)) {
    refuse(document, place, 'a schema is an object or a boolean');
    return 'z.unknown()';
  }
  for (const keyword of Object.keys(schema)) {
    if (!understood.has(keyword) && !silent.has(keyword) && !keyword.startsWith('x-'))
      refuse(document, at(place, keyword), `a contract cannot express \`${keyword}\``);
  }
  if (typeof schema.$ref === 'string') return named.nameOf(schema.$ref, place) ?? 'z.unknown()';
  const convert = (inner: Place) => zodText(document, named, inner);
  const base = combined(document, place, schema, convert);
  return schema.nullable === true && !base.includes('.nullable()') ? `${base}.nullable()` : base;
}

type Convert = (place: Place) => string;

function combined(document: Document, place: Place, schema: JsonObject, convert: Convert): string {
  const parts: string[] = [];
  if (hasOwnShape(schema)) parts.push(ownShape(document, place, schema, convert));
  for (const part of itemsOf(at(place, 'allOf'))) parts.push(convert(part));
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const choices = itemsOf(at(place, keyword)).map(convert);
    if (choices.length > 0) parts.push(union(choices));
  }
  const [first = 'z.unknown()', ...rest] = parts;
  return rest.reduce((whole, part) => `z.intersection(${whole}, ${part})`, first);
}

function hasOwnShape({ type, enum: values, properties, items, additionalProperties, ...schema }: JsonObject): boolean {
  return (
    type !== undefined ||
    values !== undefined ||
    properties !== undefined ||
    items !== undefined ||
    additionalProperties !== undefined ||
    'const' in schema
  );
}

function ownShape(document: Document, place: Place, schema: JsonObject, convert: Convert): string {
  if ('const' in schema) return `z.literal(${literal(schema.const)})`;
  if (Array.isArray(schema.enum)) return enumeration(document, place, schema.enum);
  const types = typesOf(schema);
  const nullable = types.includes('null');
  const shapes = types.filter((type) => type !== 'null').map((type) => shapeOf(document, place, schema, type, convert));
  if (shapes.length === 0) return nullable ? 'z.null()' : 'z.unknown()';
  return nullable ? `${union(shapes)}.nullable()` : union(shapes);
}

function typesOf({ type, properties, additionalProperties, items }: JsonObject): readonly string[] {
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.map(String);
  if (properties !== undefined || additionalProperties !== undefined) return ['object'];
  return items === undefined ? [] : ['array'];
}

function enumeration(document: Document, place: Place, values: readonly unknown[]): string {
  if (values.length === 0 || values.some((value) => typeof value === 'object' && value !== null)) {
    refuse(document, at(place, 'enum'), 'an `enum` lists texts, numbers, booleans or null');
    return 'z.unknown()';
  }
  const others = values.filter((value) => value !== null);
  const suffix = others.length === values.length ? '' : '.nullable()';
  if (others.length === 0) return 'z.null()';
  const list = listText(others.map(literal));
  return `${others.every((value) => typeof value === 'string') ? 'z.enum' : 'z.literal'}(${list})${suffix}`;
}

function shapeOf(document: Document, place: Place, schema: JsonObject, type: string, convert: Convert): string {
  switch (type) {
    case 'string':
      return stringText(document, place, schema);
    case 'integer':
      return `z.int()${bounds(schema)}`;
    case 'number':
      return `z.number()${bounds(schema)}`;
    case 'boolean':
      return 'z.boolean()';
    case 'array':
      return arrayText(place, schema, convert);
    case 'object':
      return recordText(document, place, schema, convert);
    default:
      refuse(document, at(place, 'type'), `there is no type ${literal(type)}`);
      return 'z.unknown()';
  }
}

const formats: Readonly<Record<string, string>> = {
  uuid: 'z.uuid()',
  email: 'z.email()',
  uri: 'z.url()',
  'date-time': 'z.iso.datetime({ offset: true })',
  date: 'z.iso.date()',
  ipv4: 'z.ipv4()',
  ipv6: 'z.ipv6()',
  byte: 'z.base64()',
};

function stringText(document: Document, place: Place, { format, minLength, maxLength, pattern }: JsonObject): string {
  const base = (typeof format === 'string' ? formats[format] : undefined) ?? 'z.string()';
  return base + limit('min', minLength) + limit('max', maxLength) + patternText(document, place, pattern);
}

function patternText(document: Document, place: Place, pattern: unknown): string {
  if (typeof pattern !== 'string') return '';
  try {
    return `.regex(/${new RegExp(pattern, 'u').source}/u)`;
  } catch {
    refuse(document, at(place, 'pattern'), `${literal(pattern)} is not a regular expression of ECMAScript`);
    return '';
  }
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonObject): string {
  const least =
    exclusiveMinimum === true ? limit('gt', minimum) : limit('gte', minimum) + limit('gt', exclusiveMinimum);
  const most = exclusiveMaximum === true ? limit('lt', maximum) : limit('lte', maximum) + limit('lt', exclusiveMaximum);
  return least + most + limit('multipleOf', multipleOf);
}

function limit(method: string, value: unknown): string {
  return typeof value === 'number' ? `.${method}(${value})` : '';
}

function arrayText(place: Place, { minItems, maxItems, prefixItems }: JsonObject, convert: Convert): string {
  if (Array.isArray(prefixItems)) return `z.tuple(${listText(itemsOf(at(place, 'prefixItems')).map(convert))})`;
  return `z.array(${convert(at(place, 'items'))})${limit('min', minItems)}${limit('max', maxItems)}`;
}

function recordText(
  document: Document,
  place: Place,
  { properties, required, additionalProperties: more }: JsonObject,
  convert: Convert,
): string {
  const members = membersOf(at(place, 'properties'));
  const needed = Array.isArray(required) ? required : [];
  const rest = isObject(more) ? convert(at(place, 'additionalProperties')) : 'z.unknown()';
  if (properties === undefined || members.length === 0)
    return more === false ? 'z.object({})' : `z.record(z.string(), ${rest})`;
  if (members.some(([key]) => key === '__proto__'))
    refuse(document, at(place, 'properties'), 'a property named "__proto__" is not safe to read');
  const shape = objectText(
    members.map(([key, value]) => [key, convert(value) + (needed.includes(key) ? '' : '.optional()')] as const),
  );
  if (more === true) return `z.looseObject(${shape})`;
  return isObject(more) ? `z.object(${shape}).catchall(${rest})` : `z.object(${shape})`;
}

function union(choices: readonly string[]): string {
  const distinct = [...new Set(choices)];
  const [only = 'z.unknown()'] = distinct;
  if (distinct.length === 1) return only;
  const others = distinct.filter((choice) => choice !== 'z.null()');
  return others.length < distinct.length ? `${union(others)}.nullable()` : `z.union(${listText(distinct)})`;
}
