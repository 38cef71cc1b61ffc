import type { Schema, SchemaOutput } from '@dure/core';
import { check, jsonSchemaOf } from '@dure/core';
import type { Bound } from './bind.ts';
import { bindLayer, winners } from './bind.ts';
import { cipherText, invalid, isCipher, unknownKey, wrongValue } from './config-problems.ts';
import type { ConfigSource } from './config-source.ts';
import type { ExplainedKey } from './explain-config.ts';
import { explain } from './explain-config.ts';
import { isSecretAt, schemaTree } from './schema-tree.ts';
import { sealed } from './secret.ts';

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
