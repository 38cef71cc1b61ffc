import type { InstanceList } from '@dure/balancer';
import type { Destination } from '../engine/destination.ts';
import { anyOperation } from '../engine/destination.ts';

/** The services that the router leads to. */
export interface Destinations {
  /** By the first segment of a path, in whatever case; undefined when there is no such service. */
  find(segment: string): Destination | undefined;
  /** Every service that can be named, in alphabetical order. */
  names(): readonly string[];
  /** Stops following the list. */
  close(): void;
}

export interface DestinationOptions {
  readonly instances: InstanceList;
  /** Services that exist whether or not an instance is up. */
  readonly services: readonly string[];
  /** The router's own name, which leads nowhere. */
  readonly self: string;
  readonly timeoutMs: number;
}

const serviceName = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/**
 * The named services, and any other as long as it has an instance: what an existing system registers is reachable too.
 * What is remembered of the others goes with their last instance.
 */
export function destinations({ instances, services, self, timeoutMs }: DestinationOptions): Destinations {
  const known = new Map<string, Destination>();
  const declared = new Set(services.map((service) => service.toLowerCase()).filter((service) => service !== self));
  const add = (service: string): Destination => {
    const destination: Destination = {
      service,
      called: service,
      operation: anyOperation,
      timeoutMs,
      stream: 'by-type',
      prefix: `/${service}`,
      upgrade: 'websocket',
    };
    known.set(service, destination);
    return destination;
  };
  for (const service of declared) add(service);
  const close = instances.onChange(undefined, () => {
    for (const service of known.keys()) {
      if (!declared.has(service) && instances.instances(service).length === 0) known.delete(service);
    }
  });
  return {
    find(segment) {
      const found = known.get(segment);
      if (found !== undefined) return found;
      const service = segment.toLowerCase();
      if (service === self || !serviceName.test(service)) return undefined;
      return known.get(service) ?? (instances.instances(service).length === 0 ? undefined : add(service));
    },
    names: () => [...known.keys()].sort(),
    close,
  };
}
