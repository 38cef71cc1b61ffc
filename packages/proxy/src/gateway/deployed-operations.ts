import type { Instance, InstanceList } from '@dure/balancer';
import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import type { HttpOperation } from '@dure/service/contract';
import type { Logger } from '@dure/telemetry';

export interface DeployedOptions {
  readonly services: readonly string[];
  readonly instances: InstanceList;
  /** Asks an instance which operations it has. */
  readonly ask: (instance: Instance) => Promise<readonly HttpOperation[]>;
  readonly clock: Clock;
  readonly log: Logger;
}

const retryMs = 2_000;
const mostTries = 5;

/**
 * Follows which operations are deployed: those that every instance of a service has. While some instances have not told
 * theirs, as in the middle of a deployment, what was known stays. `changed` hears all operations of all services.
 */
export function followDeployed(
  { services, instances, ask, clock, log }: DeployedOptions,
  changed: (operations: readonly HttpOperation[]) => void,
): { close(): void } {
  const told = new Map<string, readonly HttpOperation[] | 'asked'>();
  const common = new Map<string, readonly HttpOperation[]>();
  let closed = false;
  let last = '';
  const settle = (service: string) => {
    const lists = instances.instances(service).map(({ id }) => told.get(id));
    const known = lists.filter((list) => list !== undefined && list !== 'asked');
    if (lists.length === 0 || known.length < lists.length) return;
    common.set(service, inAll(known));
    const all = [...common.values()].flat();
    const text = JSON.stringify(all);
    if (text === last) return;
    last = text;
    try {
      changed(all);
    } catch (error) {
      log.warn('the routes of deployed operations stay as they were', { error });
    }
  };
  const learn = async (instance: Instance, tries: number): Promise<void> => {
    try {
      told.set(instance.id, await ask(instance));
    } catch (error) {
      if (closed) return;
      if (tries < mostTries) {
        clock.after(retryMs, () => void learn(instance, tries + 1));
        return;
      }
      log.warn(`${instance.id} does not tell its operations: ${messageOf(error)}`);
      told.set(instance.id, []);
    }
    if (!closed) settle(instance.service);
  };
  const look = () => {
    const current = new Set<string>();
    for (const instance of services.flatMap((service) => instances.instances(service))) {
      current.add(instance.id);
      if (told.has(instance.id)) continue;
      told.set(instance.id, 'asked');
      void learn(instance, 1);
    }
    for (const id of told.keys()) if (!current.has(id)) told.delete(id);
    for (const service of services) settle(service);
  };
  const unsubscribe = instances.onChange(undefined, look);
  look();
  return {
    close() {
      closed = true;
      unsubscribe();
    },
  };
}

/** What every list has: the same operation at the same place for the same callers. */
function inAll(lists: readonly (readonly HttpOperation[])[]): readonly HttpOperation[] {
  const [first = [], ...others] = lists;
  const texts = others.map((list) => new Set(list.map((one) => JSON.stringify(one))));
  return first.filter((one) => texts.every((set) => set.has(JSON.stringify(one))));
}
