import { stepsOf } from '../properties/flatten.ts';
import type { Property, Scalar } from '../properties/property.ts';
import type { ConfigLayer } from './config-source.ts';
import type { SchemaNode } from './schema-tree.ts';
import { isSecretAt, relaxed } from './schema-tree.ts';

/** A value at the place of the schema that it belongs to. */
export interface Bound {
  /** The path in the value: names as the schema writes them, list indexes as digits. */
  readonly path: readonly string[];
  readonly node: SchemaNode;
  readonly value: Scalar;
  readonly layer: ConfigLayer;
  /** The key as it was written. */
  readonly key: string;
  readonly place: string;
  /** It was decrypted: it is not shown, whatever the schema says. */
  readonly isSecret: boolean;
  readonly whyEncrypted: string | undefined;
}

/** A key that the schema does not know. */
export interface Unknown {
  readonly key: string;
  readonly layer: ConfigLayer;
  readonly place: string;
}

/** Whether a value must not be shown: its schema says so, or it was encrypted. */
export function isSecretBound({ isSecret, path }: Bound, root: SchemaNode): boolean {
  return isSecret || isSecretAt(root, path);
}

/** Finds the place of every key of a layer; a key that has none is a mistake only where it is ours. */
export function bindLayer(
  layer: ConfigLayer,
  root: SchemaNode,
  isOurs: (key: string) => boolean,
): { readonly bound: readonly Bound[]; readonly unknown: readonly Unknown[] } {
  const bound: Bound[] = [];
  const unknown: Unknown[] = [];
  for (const [key, property] of layer.values) {
    const place = property.place ?? layer.source;
    const found = layer.isJoined ? findJoined(key, root) : find(stepsOf(key), root, []);
    if (found !== undefined) bound.push(...placed(found, property, layer, key, place));
    else if (isOurs(key)) unknown.push({ key, layer, place });
  }
  return { bound, unknown };
}

interface Found {
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

function find(steps: readonly (string | number)[], node: SchemaNode, path: readonly string[]): Found | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return { path, node };
  if (typeof step === 'number') {
    const below = node.items ?? node.others;
    return below && find(rest, below, [...path, String(step)]);
  }
  const child = node.children.get(relaxed(step));
  if (child !== undefined) return find(rest, child.node, [...path, child.name]);
  if (node.others !== undefined) return find(rest, node.others, [...path, step]);
  return isAnything(node) ? { path: [...path, step, ...rest.map(String)], node } : undefined;
}

/** `PAYMENT_TIMEOUT_MS`: words and levels look alike, so every way to part them is tried. */
function findJoined(name: string, root: SchemaNode): Found | undefined {
  return findParts(
    name.split('_').filter((part) => part !== ''),
    root,
    [],
  );
}

function findParts(parts: readonly string[], node: SchemaNode, path: readonly string[]): Found | undefined {
  if (parts.length === 0) return { path, node };
  const [first = ''] = parts;
  if (node.items !== undefined && /^\d{1,4}$/.test(first))
    return findParts(parts.slice(1), node.items, [...path, first]);
  for (let length = parts.length; length > 0; length -= 1) {
    const child = node.children.get(relaxed(parts.slice(0, length).join('')));
    const found = child && findParts(parts.slice(length), child.node, [...path, child.name]);
    if (found !== undefined) return found;
  }
  if (node.others === undefined) return undefined;
  return findParts([], node.others, [...path, parts.join('_').toLowerCase()]);
}

/** A list of plain values may be written as one text with commas. */
function placed(found: Found, property: Property, layer: ConfigLayer, key: string, place: string): readonly Bound[] {
  const { path, node } = found;
  const { value, isSecret = false, whyEncrypted } = property;
  const rest = { layer, key, place, isSecret, whyEncrypted };
  const { items } = node;
  if (items !== undefined && typeof value === 'string' && !node.types.has('string')) {
    const parts = value.trim() === '' ? [] : value.split(',').map((part) => part.trim());
    if (parts.length === 0) return [{ path, node, value: '', ...rest }];
    return parts.map((part, index) => {
      return { path: [...path, String(index)], node: items, value: coerced(part, items), ...rest };
    });
  }
  return [{ path, node, value: coerced(value, node), ...rest }];
}

/** Text becomes what the schema wants, where it says so without doubt; anything else stays for the schema to refuse. */
function coerced(value: Scalar, { types }: SchemaNode): Scalar {
  if (typeof value !== 'string' || types.has('string') || types.size === 0) return value;
  const text = value.trim();
  if ((types.has('number') || types.has('integer')) && /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i.test(text))
    return Number(text);
  if (types.has('boolean') && /^(true|yes|on)$/i.test(text)) return true;
  if (types.has('boolean') && /^(false|no|off)$/i.test(text)) return false;
  return value;
}

function isAnything(node: SchemaNode): boolean {
  return node.types.size === 0 && node.children.size === 0 && node.items === undefined;
}

/** For every list the highest layer that has any of it has all of it, as in Spring. */
export function winners(lowestFirst: readonly Bound[]): {
  readonly winning: ReadonlyMap<string, Bound>;
  readonly overridden: ReadonlyMap<string, readonly Bound[]>;
} {
  const winning = new Map<string, Bound>();
  const overridden = new Map<string, Bound[]>();
  const listOwners = new Map<string, ConfigLayer>();
  for (const bound of [...lowestFirst].reverse()) {
    const key = bound.path.join('.');
    const isShadowed = listsAbove(bound).some((list) => {
      const owner = listOwners.get(list);
      if (owner === undefined) listOwners.set(list, bound.layer);
      return owner !== undefined && owner !== bound.layer;
    });
    if (!isShadowed && !winning.has(key)) winning.set(key, bound);
    else overridden.set(key, [...(overridden.get(key) ?? []), bound]);
  }
  return { winning, overridden };
}

/** The paths of the lists that a value lies in, or is. */
function listsAbove({ path, node }: Bound): readonly string[] {
  const lists = path.flatMap((step, index) => (/^\d+$/.test(step) ? [path.slice(0, index).join('.')] : []));
  return node.items === undefined ? lists : [...lists, path.join('.')];
}
