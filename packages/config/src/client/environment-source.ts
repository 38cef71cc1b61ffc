import type { ConfigSource } from './config-source.ts';

/**
 * The `environment` layer: `DURE_ORDER__MAX_LINES=20` sets `maxLines` of the service `order`. The prefix is `DURE_`,
 * the service in capitals with `_` for `-`, and two underscores; the rest is the key, its words and levels parted by
 * `_`. The variables are handed in, so that only `main.ts` reads the process's environment.
 */
export function environmentSource(variables: Readonly<Record<string, string | undefined>>): ConfigSource {
  return {
    async load({ service }) {
      const prefix = environmentPrefix(service);
      const own = Object.entries(variables).filter(
        (entry): entry is [string, string] => entry[0].startsWith(prefix) && entry[1] !== undefined,
      );
      if (own.length === 0) return { layers: [], warnings: [] };
      const values = new Map(own.map(([name, value]) => [name.slice(prefix.length), { value, place: name }]));
      return {
        layers: [{ layer: 'environment', source: 'environment', values, isShared: false, isJoined: true }],
        warnings: [],
      };
    },
  };
}

/** What a service's environment variables begin with: `DURE_ORDER__`. */
export function environmentPrefix(service: string): string {
  return `DURE_${service.replaceAll('-', '_').toUpperCase()}__`;
}
