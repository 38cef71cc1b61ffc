import type { Schema, SchemaOutput } from '@dure/core';
import { sectionReader } from './config-section.ts';
import type { ConfigLayer, ConfigSource, ConfigTarget, LoadedLayers } from './config-source.ts';
import type { ExplainedKey } from './explain-config.ts';

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
  const { schema, service, profiles, sources, foreign } = options;
  const read = sectionReader({ all: { schema } }, service, foreign);
  const { layers, warnings, keep } = await loadLayers(sources, { service, profiles });
  const { values, explain } = read(layers);
  await keep?.();
  return { value: values.all as SchemaOutput<S>, explain, layers: layerNames(layers), warnings };
}

/** Asks all sources at once. */
export async function loadLayers(
  sources: readonly ConfigSource[],
  target: ConfigTarget,
  signal?: AbortSignal,
): Promise<LoadedLayers> {
  const loaded = await Promise.all(sources.map((source) => source.load(target, signal)));
  return {
    layers: loaded.flatMap((part) => part.layers),
    warnings: loaded.flatMap((part) => part.warnings),
    version: loaded.find(({ version }) => version !== undefined)?.version,
    keep: async () => void (await Promise.all(loaded.map(({ keep }) => keep?.()))),
  };
}

/** What was read, in the order in which it was applied, the defaults first. */
export function layerNames(layers: readonly ConfigLayer[]): readonly string[] {
  return ['default', ...layers.map(({ layer, source }) => (layer === source ? layer : `${layer} ${source}`))];
}
