import type { ReadSection, Schema, SchemaOutput } from '@dure/core';
import { check, jsonSchemaOf } from '@dure/core';
import { stepsOf } from '../properties/flatten.ts';
import type { Bound } from './bind.ts';
import { bindLayer, isSecretBound, winners } from './bind.ts';
import { cipherText, invalid, isCipher, unknownKey, wrongValue } from './config-problems.ts';
import type { ConfigLayer } from './config-source.ts';
import type { ExplainedKey } from './explain-config.ts';
import { explain } from './explain-config.ts';
import { readOwnForm } from './read-section.ts';
import type { SchemaNode } from './schema-tree.ts';
import { isSecretAt, leavesOf, relaxed, schemaTree } from './schema-tree.ts';
import { mask, sealed } from './secret.ts';
import type { KeyValue, ReadPart } from './section-part.ts';

/** A part of a service's configuration: one that has a schema, or one that reads its flat keys itself. */
export type ConfigSection = KeyedSection | ReadSection<unknown>;

/** A part of a service's configuration that has a schema. */
export interface KeyedSection {
  readonly schema: Schema<unknown, unknown>;
  /**
   * The path at which its keys lie, such as `dure.resilience`: all that is below is its own, and an unknown key there is a
   * mistake in whichever file. Default: the top, where `foreign` prefixes, what lies at the other sections and the keys of
   * shared files are left alone.
   */
  readonly at?: string;
  /** Names directly below `at` that it does not know are no mistake in shared files: they are for others. */
  readonly isShared?: boolean;
}

/** A service's sections by name. */
export type ConfigSections = Readonly<Record<string, ConfigSection>>;

/** What the sections' schemas make of a configuration. */
export type SectionValues<S extends ConfigSections> = {
  readonly [Name in keyof S]: SectionValue<NonNullable<S[Name]>>;
};

type SectionValue<S> = S extends ReadSection<infer T> ? T : S extends KeyedSection ? SchemaOutput<S['schema']> : never;

/** Sections, read and checked together. */
export interface ReadSections<S extends ConfigSections> {
  readonly values: SectionValues<S>;
  explain(): readonly ExplainedKey[];
  /** By section, every key's value, given or the schema's default. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, KeyValue>>;
}

/** Reads all sections from the same layers, lowest first; CONFIG_INVALID with the problems of all of them. */
export type SectionReader<S extends ConfigSections> = (layers: readonly ConfigLayer[]) => ReadSections<S>;

/** Prepares to read sections as often as need be. */
export function sectionReader<S extends ConfigSections>(
  sections: S,
  service: string,
  foreign: readonly string[] = ['spring.', 'dure.'],
): SectionReader<S> {
  const others = Object.values(sections).flatMap(({ at }) => (at === undefined ? [] : [`${at}.`, `${at}[`]));
  const parts = Object.entries(sections).map(([name, section]) => {
    if ('read' in section) return (layers: readonly ConfigLayer[]) => readOwnForm(name, section, layers);
    const part = schemaPart(name, section, service, [...foreign, ...others]);
    return (layers: readonly ConfigLayer[]) => readPart(part, layers, service);
  });
  return (layers) => {
    const read = parts.map((readFrom) => readFrom(layers));
    const problems = read.flatMap((part) => part.problems);
    if (problems.length > 0) throw invalid(service, problems);
    return {
      values: Object.fromEntries(read.map(({ name, value }) => [name, value])) as SectionValues<S>,
      explain: () => read.flatMap((part) => part.explain()),
      keys: new Map(read.map(({ name, keys }) => [name, keys])),
    };
  };
}

function schemaPart(
  name: string,
  { schema, at, isShared = false }: KeyedSection,
  service: string,
  foreign: readonly string[],
): Part {
  const path = at?.split('.') ?? [];
  const root = schemaTree(jsonSchemaOf(schema, 'input', `${service}'s configuration`), path);
  return { name, schema, path, root, isOurs: ownership(at, isShared ? namesAt(root, path) : undefined, foreign) };
}

interface Part {
  readonly name: string;
  readonly schema: Schema<unknown, unknown>;
  readonly path: readonly string[];
  readonly root: SchemaNode;
  readonly isOurs: (key: string, layer: ConfigLayer) => boolean;
}

function readPart(
  { name, schema, path, root, isOurs }: Part,
  layers: readonly ConfigLayer[],
  service: string,
): ReadPart {
  const read = layers.map((layer) => bindLayer(layer, root, (key) => isOurs(key, layer)));
  const { winning, overridden } = winners(read.flatMap(({ bound }) => bound));
  const checked = check(schema, path.reduce(below, treeOf(winning)), path.join('.'));
  const isSecret = (key: readonly string[]) => isSecretAt(root, key) || winning.get(key.join('.'))?.isSecret === true;
  return {
    name,
    value: checked.ok ? sealed(checked.value, (key) => isSecret([...path, ...key])) : undefined,
    problems: [
      ...read.flatMap(({ unknown }) => unknown).map((found) => unknownKey(found, root)),
      ...[...winning.values()].filter(isCipher).map(cipherText),
      ...(checked.ok ? [] : checked.errors.map((error) => wrongValue(error, winning, root, service))),
    ],
    explain: () => explain(winning, overridden, root),
    keys: keysOf(winning, root),
  };
}

/** Whether a key, if the schema does not know it, is a mistake of this section's. `names` when not every name below is. */
function ownership(
  at: string | undefined,
  names: ReadonlySet<string> | undefined,
  foreign: readonly string[],
): Part['isOurs'] {
  const nameOf = (key: string) => relaxed(String(stepsOf(key)[at?.split('.').length ?? 0] ?? ''));
  if (at !== undefined)
    return (key, layer) =>
      isBelow(key, layer, `${at}.`) && (names === undefined || !layer.isShared || names.has(nameOf(key)));
  return (key, layer) => !layer.isShared && !foreign.some((prefix) => isBelow(key, layer, prefix));
}

/** The names that a section knows directly below its path. */
function namesAt(root: SchemaNode, path: readonly string[]): ReadonlySet<string> {
  const at = path.reduce<SchemaNode | undefined>((node, step) => node?.children.get(relaxed(step))?.node, root);
  return new Set(at?.children.keys());
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
  for (const [key, bound] of winning) keep(key, bound.value, isSecretBound(bound, root));
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
