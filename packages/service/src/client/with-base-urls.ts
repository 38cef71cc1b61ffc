import type { Instance, InstanceList } from '@dure/balancer';
import { staticInstance } from '@dure/balancer';
import type { AnyContract } from '../contract/index.ts';

/**
 * An instance list that also knows the services whose contract has a base URL: each is one instance, which never changes.
 *
 * @example
 * balancer({ instances: withBaseUrls(registry, [maps, payments]), clock, random })
 */
export function withBaseUrls(list: InstanceList, contracts: readonly AnyContract[]): InstanceList {
  const fixed = new Map<string, readonly Instance[]>();
  for (const { name, baseUrl } of contracts)
    if (baseUrl !== undefined) fixed.set(name, [staticInstance(name, baseUrl)]);
  if (fixed.size === 0) return list;
  return {
    instances: (service) => fixed.get(service) ?? list.instances(service),
    onChange: (service, changed) => list.onChange(service, changed),
  };
}
