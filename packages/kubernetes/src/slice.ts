import type { Instance } from '@dure/balancer';
import { kubernetesErrors } from './errors.ts';

/** What of an EndpointSlice (discovery.k8s.io/v1) matters here. */
export interface Slice {
  readonly name: string;
  readonly resourceVersion: string;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly endpoints: readonly Endpoint[];
}

interface Endpoint {
  readonly address: string;
  readonly isReady: boolean;
  readonly zone: string | undefined;
  readonly pod: string | undefined;
  readonly node: string | undefined;
}

/** Reads an EndpointSlice. KUBERNETES_ANSWER_INVALID when it is none. */
export function decodeSlice(value: unknown): Slice {
  const slice = recordOf(value);
  const metadata = recordOf(slice.metadata);
  const name = textOf(metadata.name);
  if (name === undefined)
    throw kubernetesErrors.ANSWER_INVALID('an EndpointSlice has no metadata.name; expected discovery.k8s.io/v1');
  const ports = listOf(slice.ports).flatMap((entry) => {
    const { name: portName, port } = recordOf(entry);
    return typeof port === 'number' ? [{ name: textOf(portName) ?? '', port }] : [];
  });
  return {
    name,
    resourceVersion: textOf(metadata.resourceVersion) ?? '',
    ports,
    endpoints: listOf(slice.endpoints).flatMap(decodeEndpoint),
  };
}

function decodeEndpoint(value: unknown): readonly Endpoint[] {
  const endpoint = recordOf(value);
  const conditions = recordOf(endpoint.conditions);
  // All addresses of an endpoint are the same thing; the first one is to be used (Kubernetes API reference).
  const address = textOf(listOf(endpoint.addresses)[0]);
  if (address === undefined) return [];
  return [
    {
      address,
      isReady: conditions.ready !== false, // unknown counts as ready, says the reference
      zone: textOf(endpoint.zone),
      pod: textOf(recordOf(endpoint.targetRef).name),
      node: textOf(endpoint.nodeName),
    },
  ];
}

/** The ready endpoints of a service's slices as instances, ordered by id; one that is in two slices counts once. */
export function instancesOf(service: string, slices: Iterable<Slice>, portName: string | undefined): Instance[] {
  const found = new Map<string, Instance>();
  for (const { ports, endpoints } of slices) {
    const port = portName === undefined ? ports[0] : ports.find(({ name }) => name === portName);
    const management = ports.find(({ name }) => name === 'management');
    if (port === undefined) continue;
    for (const { address, isReady, zone, pod, node } of endpoints) {
      if (!isReady) continue;
      const id = `${service}:${address}:${port.port}`;
      const metadata = { ...(pod === undefined ? {} : { pod }), ...(node === undefined ? {} : { node }) };
      found.set(id, { id, service, host: address, port: port.port, managementPort: management?.port, zone, metadata });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A JSON object; empty when it is something else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** A JSON array; empty when it is something else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
