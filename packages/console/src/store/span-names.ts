import type { ServiceNames, StoredSpan } from './telemetry-store.port.ts';

const maxServices = 500;
const maxNames = 500;

/** Collects the names in spans; a bounded number of each, so that ids in names do not fill the memory. */
export interface SpanNames {
  add(span: Pick<StoredSpan, 'service' | 'operation' | 'remoteService'>): void;
  addService(service: string): void;
  read(): ReadonlyMap<string, ServiceNames>;
}

/** No names yet. */
export function spanNames(): SpanNames {
  const services = new Map<string, { readonly operations: Set<string>; readonly remotes: Set<string> }>();
  const open = (service: string) => {
    const known = services.get(service);
    if (known !== undefined || services.size >= maxServices) return known;
    const made = { operations: new Set<string>(), remotes: new Set<string>() };
    services.set(service, made);
    return made;
  };
  return {
    add({ service, operation, remoteService }) {
      const names = open(service);
      if (names === undefined) return;
      if (names.operations.size < maxNames) names.operations.add(operation);
      if (remoteService !== undefined && names.remotes.size < maxNames) names.remotes.add(remoteService);
    },
    addService: (service) => void open(service),
    read: () =>
      new Map(
        [...services]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([service, { operations, remotes }]) => [
            service,
            { operations: [...operations].sort(), remoteServices: [...remotes].sort() },
          ]),
      ),
  };
}
