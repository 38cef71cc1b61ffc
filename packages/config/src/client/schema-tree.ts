import type { JsonSchema } from '@dure/core';

/** What a schema says about one place of the configuration. */
export interface SchemaNode {
  /** `maxLines`; list items are `[]`. */
  readonly path: string;
  readonly types: ReadonlySet<string>;
  readonly isSecret: boolean;
  readonly defaultValue: unknown;
  /** What the schema says about it to people. */
  readonly description: string | undefined;
  /** Named children by their relaxed name. */
  readonly children: ReadonlyMap<string, { readonly name: string; readonly node: SchemaNode }>;
  /** What every item of a list is. */
  readonly items: SchemaNode | undefined;
  /** What every value of a map with free keys is. */
  readonly others: SchemaNode | undefined;
}

const deepest = 16;

/**
 * Reads the JSON Schema of a configuration, or of the part of one that lies at the path `at`. A place that the schema says
 * nothing about takes anything.
 */
export function schemaTree(schema: JsonSchema, at: readonly string[] = []): SchemaNode {
  return at.reduceRight(
    (node, name, depth) => parentOf(at.slice(0, depth).join('.'), name, node),
    nodeOf([schema], at.join('.'), schema, 0),
  );
}

function parentOf(path: string, name: string, node: SchemaNode): SchemaNode {
  const children = new Map([[relaxed(name), { name, node }]]);
  const types = new Set(['object']);
  const none = { isSecret: false, defaultValue: undefined, description: undefined };
  return { path, types, ...none, children, items: undefined, others: undefined };
}

/** `max-lines`, `maxLines`, `MAX_LINES` and `max_lines` are the same key, as in Spring. */
export function relaxed(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase();
}

function nodeOf(schemas: readonly JsonSchema[], path: string, root: JsonSchema, depth: number): SchemaNode {
  const parts = schemas.flatMap((schema) => alternatives(schema, root, 0));
  const named = new Map<string, { name: string; schemas: JsonSchema[] }>();
  const items: JsonSchema[] = [];
  const others: JsonSchema[] = [];
  for (const part of depth < deepest ? parts : []) {
    for (const [name, child] of Object.entries(recordOf(part.properties))) {
      const known = named.get(relaxed(name)) ?? { name, schemas: [] };
      known.schemas.push(recordOf(child));
      named.set(relaxed(name), known);
    }
    if (isRecord(part.items)) items.push(part.items);
    if (Array.isArray(part.prefixItems)) items.push(...part.prefixItems.filter(isRecord));
    if (isRecord(part.additionalProperties)) others.push(part.additionalProperties);
    else if (part.additionalProperties === true) others.push({});
  }
  const child = (of: readonly JsonSchema[], at: string) => nodeOf(of, at, root, depth + 1);
  return {
    path,
    types: new Set(parts.flatMap(typesOf)),
    isSecret: parts.some((part) => part.writeOnly === true),
    defaultValue: parts.find((part) => 'default' in part)?.default,
    description: parts.map(({ description }) => description).find((text) => typeof text === 'string'),
    children: new Map(
      [...named].map(([key, { name, schemas: of }]) => {
        return [key, { name, node: child(of, path === '' ? name : `${path}.${name}`) }];
      }),
    ),
    items: items.length === 0 ? undefined : child(items, `${path}[]`),
    others: others.length === 0 ? undefined : child(others, path === '' ? '*' : `${path}.*`),
  };
}

/** The schema itself and everything it refers to or is put together from. */
function alternatives(schema: JsonSchema, root: JsonSchema, depth: number): readonly JsonSchema[] {
  if (depth > deepest) return [];
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const referred = typeof schema.$ref === 'string' ? [resolveRef(schema.$ref, root)] : [];
  return [schema, ...[...parts, ...referred].filter(isRecord).flatMap((part) => alternatives(part, root, depth + 1))];
}

function resolveRef(ref: string, root: JsonSchema): unknown {
  const steps = ref.split('/').slice(1).map(decodeURIComponent);
  return ref.startsWith('#') ? steps.reduce<unknown>((at, step) => recordOf(at)[step], root) : undefined;
}

function typesOf(part: JsonSchema): readonly string[] {
  if (typeof part.type === 'string') return [part.type];
  if (Array.isArray(part.type)) return part.type.map(String);
  const values = 'const' in part ? [part.const] : Array.isArray(part.enum) ? part.enum : [];
  return values.map((value) => typeof value);
}

function recordOf(value: unknown): JsonSchema {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The places that hold values. */
export function leavesOf(node: SchemaNode): readonly SchemaNode[] {
  const below = [...node.children.values()].flatMap((child) => leavesOf(child.node));
  if (below.length > 0 && node.path === '') return below;
  return node.path === '' ? [] : below.length > 0 && node.defaultValue === undefined ? below : [...below, node];
}

/** A secret keeps everything below it secret. */
export function isSecretAt(root: SchemaNode, path: readonly string[]): boolean {
  let node: SchemaNode | undefined = root;
  for (const step of path) {
    node = [...node.children.values()].find(({ name }) => name === step)?.node ?? node.items ?? node.others;
    if (node === undefined) return false;
    if (node.isSecret) return true;
  }
  return false;
}
