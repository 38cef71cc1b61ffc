import type { Properties, PropertySource, Scalar } from '@dure/config/properties';

/** A key of the configuration with all below it. */
export interface PropertyNode {
  /** In full: `spring.cloud.gateway.routes[0].id`. */
  readonly key: string;
  /** Where it, or the first below it, is written: `application.yml:12:5`, or the source and the key. */
  readonly place: string;
  /** Undefined when it holds others. */
  readonly value: Scalar | undefined;
  /** By name or index, in the order in which they were written. */
  readonly children: ReadonlyMap<string, PropertyNode>;
}

interface Growing extends PropertyNode {
  value: Scalar | undefined;
  readonly children: Map<string, Growing>;
}

/** A name as Spring compares it: `fallback-uri`, `fallbackUri` and `FALLBACK_URI` are the same. */
export function relaxed(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** Several sources as one, the highest first; a list is taken whole from the highest that has it, as in Spring. */
export function mergeSources(sources: readonly PropertySource[]): Properties {
  const merged = new Map<string, { value: Scalar; place: string }>();
  for (const { file, properties } of [...sources].reverse()) {
    const lists = new Set([...properties.keys()].flatMap((key) => listOf(key) ?? []));
    for (const key of [...merged.keys()]) if (lists.has(listOf(key) ?? '')) merged.delete(key);
    for (const [key, { value, place = `${file} ${key}` }] of properties) merged.set(key, { value, place });
  }
  return merged;
}

function listOf(key: string): string | undefined {
  return /^(.*?)\[\d+\]/.exec(key)?.[1];
}

/** The tree of flat keys; `read` may give a text another value. */
export function propertyTree(properties: Properties): PropertyNode {
  const root: Growing = { key: '', place: '', value: undefined, children: new Map() };
  for (const [key, { value, place = key }] of properties) {
    let node = root;
    let end = 0;
    for (const step of key.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
      end = step.index + step[0].length;
      const name = step[1] ?? step[2] ?? '';
      const next = node.children.get(name) ?? { key: key.slice(0, end), place, value: undefined, children: new Map() };
      node.children.set(name, next);
      node = next;
    }
    node.value = value;
  }
  return root;
}

/** The child of a name, in any of its spellings. */
export function childOf(node: PropertyNode | undefined, name: string): PropertyNode | undefined {
  if (node === undefined) return undefined;
  for (const [one, child] of node.children) if (relaxed(one) === relaxed(name)) return child;
  return undefined;
}

/** The node at the end of a path of names. */
export function nodeAt(node: PropertyNode | undefined, ...names: readonly string[]): PropertyNode | undefined {
  return names.reduce<PropertyNode | undefined>((one, name) => childOf(one, name), node);
}

/** The text of a node; undefined when there is none, or an empty one. */
export function textOf(node: PropertyNode | undefined): string | undefined {
  const text = node?.value === undefined ? '' : String(node.value).trim();
  return text === '' ? undefined : text;
}

/** The items of a list, also of one written with commas. */
export function itemsOf(node: PropertyNode | undefined): readonly string[] {
  if (node === undefined) return [];
  if (node.children.size > 0) return [...node.children.values()].flatMap((child) => textOf(child) ?? []);
  return (textOf(node) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** What a node holds, as plain values. */
export function plainOf({ value, children }: PropertyNode): unknown {
  if (children.size === 0) return value ?? '';
  const entries = [...children].map(([name, child]) => [name, plainOf(child)] as const);
  return entries.every(([name]) => /^\d+$/.test(name)) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}
