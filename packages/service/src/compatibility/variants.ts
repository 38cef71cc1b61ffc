import type { JsonSchema } from '@dure/core';
import type { SchemaNode } from './normal-schema.ts';
import { isObject, sameJson } from './normal-schema.ts';

/** What a reference leads to; undefined when it leads nowhere, or out of the document. */
export function resolved(node: SchemaNode, root: JsonSchema): SchemaNode | undefined {
  let found: SchemaNode | undefined = node;
  for (let hops = 0; isObject(found) && typeof found.$ref === 'string'; hops += 1) {
    if (hops > 16) return undefined;
    found = pointed(found.$ref, root);
  }
  return found;
}

function pointed(reference: string, root: JsonSchema): SchemaNode | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) ? at[name] : Array.isArray(at) ? at[Number(name)] : undefined;
  }
  return isObject(at) || typeof at === 'boolean' ? (at as SchemaNode) : undefined;
}

/** Whether every value is valid. */
export function isAnything(node: SchemaNode): boolean {
  return node === true || (isObject(node) && Object.keys(node).every((key) => key === '$defs'));
}

/** Whether no value is. */
export function isNothing(node: SchemaNode): boolean {
  return node === false || (isObject(node) && node.not !== undefined && isAnything(node.not as SchemaNode));
}

/** The variants of a schema, all of which together are it; itself when it has none. */
export function variantsOf(node: SchemaNode): readonly SchemaNode[] {
  if (!isObject(node)) return [node];
  for (const key of ['anyOf', 'oneOf'] as const) {
    const { [key]: variants, ...rest } = node;
    if (Array.isArray(variants)) return variants.map((one: SchemaNode) => both(rest, one));
  }
  const { type, allOf, ...rest } = node;
  if (Array.isArray(type) && !('const' in node) && node.enum === undefined)
    return type.map((one: unknown) => ({ ...node, type: one }));
  if (Array.isArray(allOf) && type !== undefined) return [both({ type, ...rest }, { allOf })];
  if (Array.isArray(allOf)) {
    const merged = allOf.reduce((all: SchemaNode | undefined, one: SchemaNode) => all && merge(all, one), rest);
    if (merged !== undefined) return [merged];
  }
  return [node];
}

function both(rest: JsonSchema, one: SchemaNode): SchemaNode {
  if (isAnything(rest)) return one;
  return merge(rest, one) ?? { allOf: [rest, one] };
}

/** Two schemas that must both hold as one, where one can say it: objects, or what does not say the same thing twice. */
function merge(a: SchemaNode, b: SchemaNode): SchemaNode | undefined {
  if (!isObject(a) || !isObject(b)) return a === true ? b : b === true ? a : undefined;
  if (typeof b.$ref === 'string' || typeof a.$ref === 'string') return isAnything(a) ? b : undefined;
  const twice = Object.keys(a).filter((key) => key in b && !sameJson(a[key], b[key]));
  const mergeable = twice.every((key) => key === 'properties' || key === 'required' || key === '$defs');
  if (!mergeable || a.additionalProperties !== undefined || b.additionalProperties !== undefined) {
    return twice.length === 0 && a.properties === undefined && b.properties === undefined ? { ...a, ...b } : undefined;
  }
  const properties = mergedProperties(a.properties, b.properties);
  if (properties === undefined) return undefined;
  const required = [...new Set([...listOf(a.required), ...listOf(b.required)])];
  return {
    ...a,
    ...b,
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
  };
}

function mergedProperties(a: unknown, b: unknown): Readonly<Record<string, unknown>> | undefined {
  const left = isObject(a) ? a : {};
  const right = isObject(b) ? b : {};
  const clash = Object.keys(left).some((name) => name in right && !sameJson(left[name], right[name]));
  return clash ? undefined : { ...left, ...right };
}

/** Whether no value is valid by two of them, as far as types and constant fields tell. */
export function areDisjoint(variants: readonly SchemaNode[]): boolean {
  return variants.every((one, at) => variants.slice(at + 1).every((other) => differ(one, other)));
}

function differ(a: SchemaNode, b: SchemaNode): boolean {
  if (!isObject(a) || !isObject(b)) return false;
  const [left, right] = [constantsOf(a), constantsOf(b)];
  if (left !== undefined && right !== undefined)
    return !left.some((value) => right.some((one) => sameJson(one, value)));
  if (typeof a.type === 'string' && typeof b.type === 'string' && a.type !== b.type)
    return ![a.type, b.type].every((type) => type === 'number' || type === 'integer');
  if (!isObject(a.properties) || !isObject(b.properties)) return false;
  const [ofA, ofB] = [a.properties, b.properties];
  return listOf(a.required).some((name) => {
    const [mine, other] = [constantsOf(ofA[name as string]), constantsOf(ofB[name as string])];
    if (!listOf(b.required).includes(name) || mine === undefined || other === undefined) return false;
    return !mine.some((value) => other.some((one) => sameJson(one, value)));
  });
}

function constantsOf(node: unknown): readonly unknown[] | undefined {
  if (!isObject(node)) return undefined;
  if ('const' in node) return [node.const];
  return Array.isArray(node.enum) ? node.enum : undefined;
}

/** A list where there is one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
