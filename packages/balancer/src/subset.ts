import { hashOf, mixed } from './hash.ts';
import type { Instance, InstanceList } from './instance-list.port.ts';
import { checked } from './options.ts';

/** Options of `subsetOf`. */
export interface SubsetOptions {
  /** Only instances whose `metadata.version` is this one; all, when there is none. */
  readonly version?: string;
  /** Instances of this zone first: only those, when there are enough of them. */
  readonly zone?: string;
  /** So many in the zone are enough, unless `size` says how many are wanted. Default 2. */
  readonly leastInZone?: number;
  /** At most so many, so that a thousand callers of a thousand instances do not keep a million connections. */
  readonly size?: number;
  /** Another one for each caller, such as its instance id: decides which of the instances it sees. Default ''. */
  readonly seed?: string;
}

/**
 * A list that shows a part of another one: what a caller of this version, in this zone, should see. When instances
 * come and go, at most as many change in the part as have changed in the whole.
 *
 * The choice is by rendezvous hashing (Thaler and Ravishankar 1998), as in gRPC's A68. A value out of range is
 * BALANCER_OPTION_INVALID.
 *
 * @example
 * const near = subsetOf(instances, { zone: 'seoul-a', size: 20, seed: instanceId });
 */
export function subsetOf(instances: InstanceList, options: SubsetOptions): InstanceList {
  const { leastInZone = 2, size } = options;
  checked('subsetOf', 'leastInZone', leastInZone, { from: 1, to: 1_000_000, whole: true });
  if (size !== undefined) checked('subsetOf', 'size', size, { from: 1, to: 1_000_000, whole: true });
  const parts = new Map<string, { readonly whole: readonly Instance[]; readonly part: readonly Instance[] }>();
  return {
    instances(service) {
      const whole = instances.instances(service);
      const known = parts.get(service);
      if (known?.whole === whole) return known.part;
      if (whole.length === 0) {
        parts.delete(service);
        return whole;
      }
      const chosen = choose(whole, options, leastInZone);
      const part = known !== undefined && sameInstances(known.part, chosen) ? known.part : chosen;
      parts.set(service, { whole, part });
      return part;
    },
    onChange: (service, changed) => instances.onChange(service, changed),
  };
}

function choose(whole: readonly Instance[], options: SubsetOptions, leastInZone: number): readonly Instance[] {
  const { version, zone, size, seed = '' } = options;
  const ofVersion = version === undefined ? whole : whole.filter(({ metadata }) => metadata.version === version);
  const fitting = ofVersion.length === 0 ? whole : ofVersion;
  const near = zone === undefined ? [] : fitting.filter((instance) => instance.zone === zone);
  if (near.length >= (size ?? leastInZone)) return first(near, size, seed);
  if (size === undefined) return fitting;
  const far = fitting.filter((instance) => !near.includes(instance));
  return [...near, ...first(far, size - near.length, seed)];
}

/** Those with the highest hashes, in the order of the list. */
function first(from: readonly Instance[], size: number | undefined, seed: string): readonly Instance[] {
  if (size === undefined || from.length <= size) return from;
  const salt = hashOf(seed);
  const ranked = from
    .map((instance) => ({ instance, rank: mixed(hashOf(instance.id) ^ salt) }))
    .sort((a, b) => b.rank - a.rank || (a.instance.id < b.instance.id ? -1 : 1));
  const chosen = new Set(ranked.slice(0, size).map(({ instance }) => instance));
  return from.filter((instance) => chosen.has(instance));
}

function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a.length === b.length && a.every((instance, index) => instance === b[index]);
}
