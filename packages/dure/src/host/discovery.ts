import type { Instance, InstanceList } from '@dure/balancer';
import type { RegistryClient } from '@dure/registry/client';
import type { Registered, Registrar, Registration } from '@dure/service/server';
import { dureErrors } from '../errors.ts';

/**
 * The registry as a process sees it. A process that runs the registry itself can connect only once that listens;
 * until then nobody is known.
 */
export interface Discovery extends InstanceList, Registrar {
  /** Resolves when there is a list. Never rejects. */
  readonly listed: Promise<void>;
  connect(client: RegistryClient): void;
  close(): Promise<void>;
}

/** Knows nobody until it is connected. */
export function discovery(): Discovery {
  let connected: RegistryClient | undefined;
  const listed = Promise.withResolvers<void>();
  const waiting = new Set<{
    readonly service: string | undefined;
    readonly changed: () => void;
    stop: (() => void) | undefined;
  }>();
  return {
    listed: listed.promise,
    instances: (service): readonly Instance[] => connected?.instances(service) ?? [],
    onChange(service, changed) {
      const listener = { service, changed, stop: connected?.onChange(service, changed) };
      waiting.add(listener);
      return () => {
        listener.stop?.();
        waiting.delete(listener);
      };
    },
    register(instance: Registration): Promise<Registered> {
      if (connected === undefined)
        throw dureErrors.HOST_FAILED(`${instance.service} wants to register before the registry is connected`);
      return connected.register(instance);
    },
    connect(client) {
      connected = client;
      void client.listed.then(listed.resolve);
      for (const listener of waiting) listener.stop = client.onChange(listener.service, listener.changed);
    },
    close: async () => connected?.close(),
  };
}
