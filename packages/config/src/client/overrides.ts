import type { Property } from '../properties/property.ts';
import type { ConfigLayer, ConfigSource } from './config-source.ts';

/** Values that somebody has set while the service runs, above all that it is configured with; gone with the process. */
export interface Overrides {
  readonly source: ConfigSource;
  /** What is set, by key as it was written. */
  readonly current: ReadonlyMap<string, Property>;
  /** Sets values, each in the place of what was set for its key before; the result takes that back. */
  set(values: Readonly<Record<string, string>>, from: OverrideOrigin): () => void;
  /** Removes all that is set; the result takes that back. */
  clear(): () => void;
}

/** Who sets a value. */
export interface OverrideOrigin {
  /** What the value's place says, before its key. */
  readonly name: string;
  /** It was told to several services: keys that no section knows are ignored, for they are meant for others. */
  readonly isShared: boolean;
}

interface Override extends Property {
  readonly key: string;
  readonly isShared: boolean;
}

const mostKeys = 1_000;

/** An empty layer of this name, to be listed last. */
export function overrides(layer: string): Overrides {
  let current: ReadonlyMap<string, Override> = new Map();
  const become = (next: ReadonlyMap<string, Override>) => {
    const before = current;
    current = next;
    return () => {
      if (current === next) current = before;
    };
  };
  const layerOf = (isShared: boolean): readonly ConfigLayer[] => {
    const own = [...current.values()].filter((one) => one.isShared === isShared);
    const values = new Map(own.map(({ key, value, place }) => [key, { value, place: place ?? layer }]));
    return values.size === 0 ? [] : [{ layer, source: layer, values, isShared, isJoined: false }];
  };
  return {
    source: { load: async () => ({ layers: [...layerOf(true), ...layerOf(false)], warnings: [] }) },
    get current() {
      return new Map([...current.values()].map(({ key, value, place }) => [key, { value, place: place ?? layer }]));
    },
    set(values, { name, isShared }) {
      const next = new Map(current);
      for (const [key, value] of Object.entries(values)) {
        const one = spelling(key);
        next.delete(one);
        next.set(one, { key, value, place: `${name} ${key}`, isShared });
      }
      return become(new Map([...next].slice(-mostKeys)));
    },
    clear: () => become(new Map()),
  };
}

/** `max-lines` and `maxLines` are one key. */
function spelling(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}
