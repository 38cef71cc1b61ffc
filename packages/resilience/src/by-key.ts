import { checkOption } from './options.ts';

/** One policy for each key, such as an instance and an operation, or a user. */
export interface ByKey<Policy> {
  /** The policy of a key, made when first asked for. */
  of(key: string): Policy;
  /** The policy of a key if there is one: for asking without making. */
  peek(key: string): Policy | undefined;
  /** Those that are kept at the moment. */
  all(): readonly Policy[];
}

/**
 * Policies by key. At most `most` are kept (default 1 000); beyond that those that were asked for longest ago are
 * forgotten, so that keys which come and go do not fill the memory.
 *
 * @example
 * const perUser = byKey((user) => rateLimiter({ clock, name: user, perSecond: 10 }));
 */
export function byKey<Policy>(make: (key: string) => Policy, most = 1_000): ByKey<Policy> {
  checkOption('byKey', 'most', most, 1, 1_000_000);
  let young = new Map<string, Policy>();
  let old = new Map<string, Policy>();
  const keep = (key: string, policy: Policy) => {
    if (young.size >= Math.max(most / 2, 1)) {
      old = young;
      young = new Map();
    }
    young.set(key, policy);
    return policy;
  };
  return {
    of: (key) => young.get(key) ?? keep(key, old.get(key) ?? make(key)),
    peek: (key) => young.get(key) ?? old.get(key),
    all: () => [...new Map([...old, ...young]).values()],
  };
}
