import type { FieldError, Schema, SchemaOutput } from '@dure/core';
import { check, jsonSchemaOf } from '@dure/core';
import type { Bound } from './bind.ts';
import { bindLayer, winners } from './bind.ts';
import { cipherText, invalid, isCipher, unknownKey, wrongValue } from './config-problems.ts';
import type { ConfigLayer } from './config-source.ts';
import type { ExplainedKey } from './explain-config.ts';
import { explain } from './explain-config.ts';
import type { SchemaNode } from './schema-tree.ts';
import { isSecretAt, leavesOf, schemaTree } from './schema-tree.ts';
import { mask, sealed } from './secret.ts';

/** A part of a service's configuration. */
export interface ConfigSection {
  readonly schema: Schema<unknown, unknown>;
  /**
   * The path at which its keys lie, such as `dure.resilience`: all that is below is its own, and an unknown key there is a
   * mistake in whichever file. Default: the top, where `foreign` prefixes and the keys of shared files are left alone.
   */
  readonly at?: string;
}

/** A service's sections by name. */
export type ConfigSections = Readonly<Record<string, ConfigSection>>;

/** What the sections' schemas make of a configuration. */
export type SectionValues<S extends ConfigSections> = {
  readonly [Name in keyof S]: SchemaOutput<NonNullable<S[Name]>['schema']>;
};

/** Sections, read and checked together. */
export interface ReadSections<S extends ConfigSections> {
  readonly values: SectionValues<S>;
  explain(): readonly ExplainedKey[];
  /** Every key's value, given or the schema's default. */
  readonly keys: ReadonlyMap<string, KeyValue>;
}

/** A value, and how it may be shown. */
export interface KeyValue {
  readonly value: unknown;
  readonly shown: unknown;
}

/** Reads all sections from the same layers, lowest first; CONFIG_INVALID with the problems of all of them. */
export type SectionReader<S extends ConfigSections> = (layers: readonly ConfigLayer[]) => ReadSections<S>;

/** Prepares to read sections as often as need be. */
export function sectionReader<S extends ConfigSections>(
  sections: S,
  service: string,
  foreign: readonly string[] = ['spring.', 'dure.'],
): SectionReader<S> {
  const parts = Object.entries(sections).map(([name, { schema, at }]): Part => {
    const path = at?.split('.') ?? [];
    const json = jsonSchemaOf(schema, 'input', `${service}'s configuration`);
    return { name, schema, path, root: schemaTree(json, path), isOurs: ownership(at, foreign) };
  });
  return (layers) => {
    const read = parts.map((part) => readPart(part, layers, service));
    const problems = read.flatMap((part) => part.problems);
    if (problems.length > 0) throw invalid(service, problems);
    return {
      values: Object.fromEntries(read.map(({ name, value }) => [name, value])) as SectionValues<S>,
      explain: () => read.flatMap((part) => part.explain()),
      keys: new Map(read.flatMap((part) => [...part.keys])),
    };
  };
}

interface Part {
  readonly name: string;
  readonly schema: Schema<unknown, unknown>;
  readonly path: readonly string[];
  readonly root: SchemaNode;
  readonly isOurs: (key: string, layer: ConfigLayer) => boolean;
}

interface ReadPart extends Pick<ReadSections<ConfigSections>, 'explain' | 'keys'> {
  readonly name: string;
  readonly value: unknown;
  readonly problems: readonly FieldError[];
}

function readPart({ name, schema, path, root, isOurs }: Part, layers: readonly ConfigLayer[], service: string) {
  const read = layers.map((layer) => bindLayer(layer, root, (key) => isOurs(key, layer)));
  const { winning, overridden } = winners(read.flatMap(({ bound }) => bound));
  const checked = check(schema, path.reduce(below, treeOf(winning)), path.join('.'));
  return {
    name,
    value: checked.ok ? sealed(checked.value, (key) => isSecretAt(root, [...path, ...key])) : undefined,
    problems: [
      ...read.flatMap(({ unknown }) => unknown).map((found) => unknownKey(found, root)),
      ...[...winning.values()].filter(isCipher).map(cipherText),
      ...(checked.ok ? [] : checked.errors.map((error) => wrongValue(error, winning, root, service))),
    ],
    explain: () => explain(winning, overridden, root),
    keys: keysOf(winning, root),
  } satisfies ReadPart;
}

/** Whether a key, if the schema does not know it, is a mistake of this section's. */
function ownership(at: string | undefined, foreign: readonly string[]): Part['isOurs'] {
  if (at !== undefined) return (key, layer) => isBelow(key, layer, `${at}.`);
  return (key, layer) => !layer.isShared && !foreign.some((prefix) => isBelow(key, layer, prefix));
}

function isBelow(key: string, { isJoined }: ConfigLayer, prefix: string): boolean {
  return key.toLowerCase().startsWith((isJoined ? prefix.replaceAll('.', '_') : prefix).toLowerCase());
}

function below(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name] ?? {};
}

function keysOf(winning: ReadonlyMap<string, Bound>, root: SchemaNode): ReadonlyMap<string, KeyValue> {
  const keys = new Map<string, KeyValue>();
  const keep = (key: string, value: unknown, isSecret: boolean) =>
    keys.set(key, { value, shown: isSecret ? mask : value });
  for (const { path, defaultValue, isSecret } of leavesOf(root))
    if (defaultValue !== undefined) keep(path, defaultValue, isSecret);
  for (const [key, { path, value }] of winning) keep(key, value, isSecretAt(root, path));
  return keys;
}

function treeOf(winning: ReadonlyMap<string, Bound>): unknown {
  const root: Place = new Map();
  for (const { path, value, node } of winning.values()) {
    const isEmpty = value === '' && !node.types.has('string');
    if (isEmpty && node.items === undefined && node.children.size > 0) continue;
    put(root, path, isEmpty && node.items !== undefined ? [] : value);
  }
  return plain(root);
}

type Place = Map<string, unknown>;

function put(place: Place, path: readonly string[], value: unknown): void {
  const [step = '', ...rest] = path;
  if (rest.length === 0) {
    place.set(step, value);
    return;
  }
  const below = place.get(step);
  const next: Place = below instanceof Map ? below : new Map();
  place.set(step, next);
  put(next, rest, value);
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  const keys = [...value.keys()].map(String);
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) {
    const items: unknown[] = [];
    for (const [key, child] of value) items[Number(key)] = plain(child);
    return Array.from(items);
  }
  return Object.fromEntries([...value].map(([key, child]) => [String(key), plain(child)]));
}
