import type { Registered, Registrar, Registration } from '../server/registrar.port.ts';

/** A registrar that keeps its registrations in memory. */
export interface MemoryRegistrar extends Registrar {
  /** The ids of a service's instances that take traffic. */
  up(service: string): readonly string[];
}

/** Nobody is registered at first. */
export function memoryRegistrar(): MemoryRegistrar {
  const registered = new Map<
    string,
    { readonly instance: Registration; status: Parameters<Registered['setStatus']>[0] }
  >();
  return {
    async register(instance) {
      const entry = { instance, status: 'UP' as Parameters<Registered['setStatus']>[0] };
      registered.set(instance.instanceId, entry);
      return {
        async setStatus(status) {
          entry.status = status;
        },
        async drain() {
          entry.status = 'OUT_OF_SERVICE';
          return 'drained';
        },
        async close() {
          registered.delete(instance.instanceId);
        },
      };
    },
    up: (service) =>
      [...registered.values()]
        .filter(({ instance, status }) => instance.service === service && status === 'UP')
        .map(({ instance }) => instance.instanceId),
  };
}
