import { flatten } from '../properties/flatten.ts';
import type { Property } from '../properties/property.ts';
import type { ConfigSource } from './config-source.ts';

/** A layer of its own name from a plain object: for tests, and for values that the caller already has. */
export function valuesSource(layer: string, values: Readonly<Record<string, unknown>>): ConfigSource {
  const flat = new Map<string, Property>();
  flatten(values, (key, value) => flat.set(key, { value }));
  return {
    load: async () => ({
      layers: [{ layer, source: layer, values: flat, isShared: false, isJoined: false }],
      warnings: [],
    }),
  };
}
