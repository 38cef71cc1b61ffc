import type { Property } from '../properties/property.ts';
import type { ConfigSource } from './config-source.ts';

/** Values that somebody has set while the service runs, above all that it is configured with; gone with the process. */
export interface Overrides {
  readonly source: ConfigSource;
  /** Sets values; the result takes that back. */
  set(values: Readonly<Record<string, string>>): () => void;
}

const mostKeys = 1_000;

/** An empty layer of this name, to be listed last. Keys that no section knows are ignored: they are meant for others. */
export function overrides(layer: string): Overrides {
  let current: ReadonlyMap<string, Property> = new Map();
  return {
    source: {
      load: async () => ({
        layers: current.size === 0 ? [] : [{ layer, source: layer, values: current, isShared: true, isJoined: false }],
        warnings: [],
      }),
    },
    set(values) {
      const before = current;
      const added = Object.entries(values).map(([key, value]): [string, Property] => [key, { value, place: layer }]);
      current = new Map([...before, ...added].slice(-mostKeys));
      const set = current;
      return () => {
        if (current === set) current = before;
      };
    },
  };
}
