import type { BusConnection, BusResource } from '../bus/bus-transport.port.ts';

/** Carries events within one process, in the order in which they were sent. */
export function memoryBus(): BusResource {
  const listeners = new Set<BusConnection['heard']>();
  return {
    kind: 'memory',
    async open({ heard }) {
      const listener = (event: string) => heard(event);
      listeners.add(listener);
      const close = async () => void listeners.delete(listener);
      return {
        get isConnected() {
          return listeners.has(listener);
        },
        publish: async (event) => listeners.forEach((tell) => void tell(event)),
        close,
        [Symbol.asyncDispose]: close,
      };
    },
  };
}
