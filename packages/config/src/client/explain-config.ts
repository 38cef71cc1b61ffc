import type { Bound } from './bind.ts';
import { isSecretBound } from './bind.ts';
import type { SchemaNode } from './schema-tree.ts';
import { leavesOf } from './schema-tree.ts';
import { mask } from './secret.ts';

/** A key, its value, and what that value overrode. */
export interface ExplainedKey extends ExplainedValue {
  readonly key: string;
  /** The highest first. */
  readonly overrides: readonly ExplainedValue[];
  /** What the schema takes: `integer`, `string (secret)`; absent where it takes anything. */
  readonly type?: string;
  readonly description?: string;
}

/** A value and where it comes from. Secrets are masked. */
export interface ExplainedValue {
  readonly value: unknown;
  readonly layer: string;
  /** `order.yml:3:9`, or the variable's name. */
  readonly place: string;
}

/** Lists every key that has a value, sorted. */
export function explain(
  winning: ReadonlyMap<string, Bound>,
  overridden: ReadonlyMap<string, readonly Bound[]>,
  root: SchemaNode,
): readonly ExplainedKey[] {
  const shown = (bound: Bound): ExplainedValue => {
    return { value: isSecretBound(bound, root) ? mask : bound.value, layer: bound.layer.layer, place: bound.place };
  };
  const defaults = leavesOf(root).filter((node) => node.defaultValue !== undefined);
  const defaultOf = (path: string): readonly ExplainedValue[] =>
    defaults
      .filter((node) => node.path === path)
      .map((node) => ({ value: node.isSecret ? mask : node.defaultValue, layer: 'default', place: 'schema' }));
  const keys = new Set([...winning.keys(), ...defaults.map((node) => node.path)]);
  return [...keys].sort().flatMap((key): readonly ExplainedKey[] => {
    const own = winning.get(key);
    const values = [...(own === undefined ? [] : [own, ...(overridden.get(key) ?? [])].map(shown)), ...defaultOf(key)];
    const [first, ...overrides] = values;
    const isListSet = own === undefined && [...winning.keys()].some((other) => other.startsWith(`${key}.`));
    const node = own?.node ?? defaults.find(({ path }) => path === key);
    return first === undefined || isListSet ? [] : [{ key, ...first, overrides, ...schemaOf(node) }];
  });
}

function schemaOf(node: SchemaNode | undefined): Pick<ExplainedKey, 'type' | 'description'> {
  if (node === undefined || node.types.size === 0) return {};
  const { types, isSecret, description } = node;
  const type = `${[...types].join(' | ')}${isSecret ? ' (secret)' : ''}`;
  return { type, ...(description === undefined ? {} : { description }) };
}
