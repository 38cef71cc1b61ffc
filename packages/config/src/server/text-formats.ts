import { stringify } from 'yaml';
import { unflatten } from '../properties/flatten.ts';
import type { Properties, Scalar } from '../properties/property.ts';
import type { TextFormat } from './config-request.ts';
import { resolvePlaceholders } from './placeholders.ts';

/** As SnakeYAML writes it: whoever reads it may read YAML 1.1. */
const yaml11 = {
  version: '1.1',
  indentSeq: false,
  singleQuote: true,
  lineWidth: 0,
  aliasDuplicateObjects: false,
} as const;

/** One file's worth of configuration from all sources; lists are taken whole from the highest source that has any of them. */
export function textFormat(
  highestFirst: readonly Properties[],
  format: TextFormat,
  resolves: boolean,
): { readonly contentType: string; readonly text: string } {
  const merged = merge(highestFirst);
  const lookup = lookupIn(highestFirst);
  if (format === 'properties') {
    const lines = [...merged].map(([key, value]) => `${key}: ${value}`).join('\n');
    return { contentType: 'text/plain; charset=utf-8', text: resolves ? resolvePlaceholders(lines, lookup) : lines };
  }
  // Only here does Spring's server take `${ key }` for `${key}`.
  const resolve = (text: string) => (resolves ? resolvePlaceholders(text, (key) => lookup(key.trim())) : text);
  const values = [...merged].map(([key, value]) => [key, typeof value === 'string' ? resolve(value) : value] as const);
  const tree = unflatten(new Map(values));
  if (format === 'json') return { contentType: 'application/json', text: JSON.stringify(tree) };
  const shown = isOnlyDocument(tree) ? tree.document : tree;
  return { contentType: 'text/plain; charset=utf-8', text: stringify(shown, yaml11) };
}

/** Finds the value of a key in the highest source that has exactly this key. */
export function lookupIn(highestFirst: readonly Properties[]): (key: string) => Scalar | undefined {
  return (key) => highestFirst.find((properties) => properties.has(key))?.get(key)?.value;
}

function merge(highestFirst: readonly Properties[]): ReadonlyMap<string, Scalar> {
  const plain = new Map<string, Scalar>();
  const lists = new Map<string, Map<string, Scalar>>();
  for (const properties of [...highestFirst].reverse()) {
    const groups = new Map<string, Map<string, Scalar>>();
    for (const [key, { value }] of properties) {
      const bracket = key.indexOf('[');
      if (bracket < 0) {
        plain.set(key, value);
        continue;
      }
      const prefix = key.slice(0, bracket);
      const group = groups.get(prefix) ?? new Map<string, Scalar>();
      groups.set(prefix, group.set(key, value));
    }
    for (const [prefix, group] of groups) lists.set(prefix, group);
  }
  plain.delete('spring.profiles');
  return new Map([...plain, ...[...lists.values()].flatMap((group) => [...group])]);
}

function isOnlyDocument(tree: unknown): tree is { readonly document: unknown } {
  return typeof tree === 'object' && tree !== null && 'document' in tree && Object.keys(tree).length === 1;
}
