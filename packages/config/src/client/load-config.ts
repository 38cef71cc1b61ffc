import type { FieldError, Schema, SchemaOutput } from '@dure/core';
import { check, jsonSchemaOf } from '@dure/core';
import { configErrors } from '../errors.ts';
import type { Bound, Unknown } from './bind.ts';
import { bindLayer, winners } from './bind.ts';
import type { ConfigSource } from './config-source.ts';
import { environmentPrefix } from './environment-source.ts';
import { nearest } from './nearest.ts';
import type { SchemaNode } from './schema-tree.ts';
import { schemaTree } from './schema-tree.ts';
import { mask, sealed } from './secret.ts';

/** Options of `loadConfig`. */
export interface LoadConfigOptions<S extends Schema<unknown, unknown>> {
  readonly schema: S;
  readonly service: string;
  readonly profiles: readonly string[];
  /** Lowest precedence first: file, server, environment. The schema's defaults lie below them all. */
  readonly sources: readonly ConfigSource[];
  /** Prefixes of keys that belong to somebody else. Default `spring.` and `dure.`. */
  readonly foreign?: readonly string[];
}

/** A configuration, complete and immutable. */
export interface LoadedConfig<Config> {
  readonly value: Config;
  /** Every key: its value, where it comes from, and what it overrode. Secrets are masked. */
  explain(): readonly ExplainedKey[];
  /** What was read, in the order in which it was applied, the defaults first: `server order-dev.yml`. */
  readonly layers: readonly string[];
  /** What the reader should know, such as that the config server is away and an old copy is used. */
  readonly warnings: readonly string[];
}

export interface ExplainedKey extends ExplainedValue {
  readonly key: string;
  /** The highest first. */
  readonly overrides: readonly ExplainedValue[];
}

export interface ExplainedValue {
  readonly value: unknown;
  readonly layer: string;
  /** `order.yml:3:9`, or the variable's name. */
  readonly place: string;
}

/**
 * Reads a service's configuration from its layers, default < file < server < environment, and checks it. Unknown
 * keys, missing and wrong values are reported all at once: CONFIG_INVALID, with the place of each.
 *
 * @example
 * const { value } = await loadConfig({ schema, service: 'order', profiles: ['dev'], sources: [fileSource('./config')] });
 */
export async function loadConfig<S extends Schema<unknown, unknown>>(
  options: LoadConfigOptions<S>,
): Promise<LoadedConfig<SchemaOutput<S>>> {
  const { schema, service, profiles, sources } = options;
  const root = schemaTree(jsonSchemaOf(schema, 'input', `${service}'s configuration`));
  const loaded = await Promise.all(sources.map((source) => source.load({ service, profiles })));
  const layers = loaded.flatMap((part) => part.layers);
  const foreign = options.foreign ?? ['spring.', 'dure.'];
  const isForeign = (key: string) => foreign.some((prefix) => key.startsWith(prefix));
  const read = layers.map((layer) => bindLayer(layer, root, isForeign));
  const { winning, overridden } = winners(read.flatMap(({ bound }) => bound));
  const checked = check(schema, treeOf(winning));
  const problems = [
    ...read.flatMap(({ unknown }) => unknown).map((found) => unknownKey(found, root)),
    ...[...winning.values()].filter(isCipher).map(cipherText),
    ...(checked.ok ? [] : checked.errors.map((error) => wrongValue(error, winning, root, service))),
  ];
  if (problems.length > 0 || !checked.ok) throw invalid(service, problems);
  return {
    value: sealed(checked.value, (path) => isSecretAt(root, path)) as SchemaOutput<S>,
    explain: () => explain(winning, overridden, root),
    layers: ['default', ...layers.map(({ layer, source }) => (layer === source ? layer : `${layer} ${source}`))],
    warnings: loaded.flatMap((part) => part.warnings),
  };
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

function unknownKey({ key, layer, place }: Unknown, root: SchemaNode): FieldError {
  const known = leavesOf(root).map((node) => node.path);
  const like = nearest(layer.isJoined ? key.replaceAll('_', '') : key.replaceAll('-', ''), known);
  const hint = like === undefined ? `known are ${known.slice(0, 10).join(', ') || 'none'}` : `did you mean ${like}?`;
  return { path: key, code: 'unknown', message: `${key} (${layer.layer}, ${place}): unknown key; ${hint}` };
}

function cipherText({ path, layer, place }: Bound): FieldError {
  const key = path.join('.');
  const message = `${key} (${layer.layer}, ${place}): still encrypted; values marked {cipher} cannot be read yet`;
  return { path: key, code: 'encrypted', message };
}

function isCipher({ value }: Bound): boolean {
  return typeof value === 'string' && value.startsWith('{cipher}');
}

function wrongValue(
  error: FieldError,
  winning: ReadonlyMap<string, Bound>,
  root: SchemaNode,
  service: string,
): FieldError {
  const bound =
    winning.get(error.path) ?? [...winning.values()].find(({ path }) => path.join('.').startsWith(`${error.path}.`));
  if (bound === undefined) {
    const variable = `${environmentPrefix(service)}${error.path
      .replaceAll('.', '_')
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()}`;
    const message = `${error.path}: missing; set it in ${service}.yml or by ${variable} (${error.message})`;
    return { path: error.path, code: 'missing', message };
  }
  const value = isSecretAt(root, bound.path) ? mask : JSON.stringify(bound.value);
  const message = `${error.path} = ${value} (${bound.layer.layer}, ${bound.place}): ${error.message}${quoteHint(bound)}`;
  return { path: error.path, code: error.code, message };
}

function quoteHint({ value, node }: Bound): string {
  return typeof value !== 'string' && node.types.has('string') && node.types.size === 1 ? '; write it in quotes' : '';
}

function invalid(service: string, problems: readonly FieldError[]): Error {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.map(({ message }) => `\n  ${message}`).join('');
  return configErrors.INVALID(`the configuration of "${service}" has ${count}:${lines}`, {
    details: { service, errors: problems },
  });
}

function explain(
  winning: ReadonlyMap<string, Bound>,
  overridden: ReadonlyMap<string, readonly Bound[]>,
  root: SchemaNode,
): readonly ExplainedKey[] {
  const shown = ({ value, path, layer, place }: Bound): ExplainedValue => {
    return { value: isSecretAt(root, path) ? mask : value, layer: layer.layer, place };
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
    return first === undefined || isListSet ? [] : [{ key, ...first, overrides }];
  });
}

function leavesOf(node: SchemaNode): readonly SchemaNode[] {
  const below = [...node.children.values()].flatMap((child) => leavesOf(child.node));
  if (below.length > 0 && node.path === '') return below;
  return node.path === '' ? [] : below.length > 0 && node.defaultValue === undefined ? below : [...below, node];
}

/** A secret keeps everything below it secret. */
function isSecretAt(root: SchemaNode, path: readonly string[]): boolean {
  let node: SchemaNode | undefined = root;
  for (const step of path) {
    node = [...node.children.values()].find(({ name }) => name === step)?.node ?? node.items ?? node.others;
    if (node === undefined) return false;
    if (node.isSecret) return true;
  }
  return false;
}
