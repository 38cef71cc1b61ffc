import type { Instance, InstanceList } from './instance-list.port.ts';

/** An instance list that changes only when it is told to: for fixed addresses and for tests. */
export interface StaticInstances extends InstanceList {
  /** Replaces the instances of one service; an empty list forgets the service. Order is kept. */
  set(service: string, instances: readonly Instance[]): void;
}

/**
 * An instance list in memory.
 *
 * @example
 * const list = staticInstances({ inventory: [staticInstance('inventory', 'http://127.0.0.1:7001')] });
 */
export function staticInstances(initial: Readonly<Record<string, readonly Instance[]>> = {}): StaticInstances {
  const byService = new Map(Object.entries(initial).filter(([, instances]) => instances.length > 0));
  const listeners = new Set<{ readonly service: string | undefined; readonly changed: () => void }>();
  return {
    instances: (service) => byService.get(service) ?? none,
    onChange(service, changed) {
      const listener = { service, changed };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(service, instances) {
      if (sameInstances(byService.get(service) ?? none, instances)) return;
      if (instances.length === 0) byService.delete(service);
      else byService.set(service, [...instances]);
      for (const listener of [...listeners]) {
        if (listener.service === undefined || listener.service === service) listener.changed();
      }
    },
  };
}

/** An instance at a fixed address, which speaks TLS if that begins with `https:`; its id is `<service>:<host>:<port>`. */
export function staticInstance(service: string, url: string): Instance {
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === 'https:';
  const number = port === '' ? (secure ? 443 : 80) : Number(port);
  const id = `${service}:${hostname}:${number}`;
  const address = { host: hostname, port: number, ...(secure ? { secure } : {}) };
  return { id, service, ...address, managementPort: undefined, zone: undefined, metadata: {} };
}

const none: readonly Instance[] = [];

function sameInstances(before: readonly Instance[], after: readonly Instance[]): boolean {
  return before.length === after.length && before.every((instance, index) => instance === after[index]);
}
