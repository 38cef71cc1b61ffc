import type { Instance } from '@dure/balancer';
import { kubernetesErrors } from './errors.ts';

/** What of an EndpointSlice (discovery.k8s.io/v1) matters here. */
export interface Slice {
  readonly name: string;
  readonly resourceVersion: string;
  readonly addressType: string;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

interface SlicePort {
  readonly name: string;
  readonly port: number;
}

interface Endpoint {
  readonly address: string;
  readonly isReady: boolean;
  /** It terminates, but still answers. */
  readonly isLeaving: boolean;
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
    const { name: portName, port, protocol } = recordOf(entry);
    const isTcp = protocol === undefined || protocol === null || protocol === 'TCP';
    return typeof port === 'number' && isTcp ? [{ name: textOf(portName) ?? '', port }] : [];
  });
  return {
    name,
    resourceVersion: textOf(metadata.resourceVersion) ?? '',
    addressType: textOf(slice.addressType) ?? 'IPv4',
    ports,
    endpoints: listOf(slice.endpoints).flatMap(decodeEndpoint),
  };
}

function decodeEndpoint(value: unknown): readonly Endpoint[] {
  const endpoint = recordOf(value);
  const { ready, serving, terminating } = recordOf(endpoint.conditions);
  // All addresses of an endpoint are the same thing; the first one is to be used (Kubernetes API reference).
  const address = textOf(listOf(endpoint.addresses)[0]);
  if (address === undefined) return [];
  const isReady = ready !== false; // unknown counts as ready, says the reference
  const isServing = typeof serving === 'boolean' ? serving : isReady;
  return [
    {
      address,
      isReady,
      isLeaving: isServing && terminating === true,
      zone: textOf(endpoint.zone),
      pod: textOf(recordOf(endpoint.targetRef).name),
      node: textOf(endpoint.nodeName),
    },
  ];
}

/** A service of two families has a slice for each, of the same pods. */
const families = ['IPv4', 'IPv6', 'FQDN'];

/**
 * The ready endpoints of a service's slices as instances, ordered by id; one that is in two slices counts once. When none is
 * ready, those that terminate but still answer are better than nothing, as kube-proxy has it (KEP-1669).
 */
export function instancesOf(service: string, slices: readonly Slice[], portName: string | undefined): Instance[] {
  for (const isWanted of [({ isReady }: Endpoint) => isReady, ({ isLeaving }: Endpoint) => isLeaving]) {
    for (const family of families) {
      const ofFamily = slices.filter(({ addressType }) => addressType === family);
      const found = collect(service, ofFamily, portName, isWanted);
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** The names of the ports that slices have, when none of them is the wanted one though there are endpoints. */
export function otherPorts(slices: readonly Slice[], portName: string | undefined): readonly string[] {
  const filled = slices.filter(({ endpoints }) => endpoints.length > 0);
  if (filled.some(({ ports }) => portOf(ports, portName) !== undefined)) return [];
  return [...new Set(filled.flatMap(({ ports }) => ports.map(({ name }) => name)))].sort();
}

function collect(
  service: string,
  slices: readonly Slice[],
  portName: string | undefined,
  isWanted: (endpoint: Endpoint) => boolean,
): Instance[] {
  const found = new Map<string, Instance>();
  for (const { ports, endpoints } of slices) {
    const port = portOf(ports, portName)?.port;
    const managementPort = ports.find(({ name }) => name === management)?.port;
    if (port === undefined) continue;
    for (const endpoint of endpoints) {
      if (!isWanted(endpoint)) continue;
      const { address: host, zone, pod, node } = endpoint;
      const id = `${service}:${host}:${port}`;
      const metadata = { ...(pod === undefined ? {} : { pod }), ...(node === undefined ? {} : { node }) };
      found.set(id, { id, service, host, port, managementPort, zone, metadata });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const management = 'management';

/** Without a name: the one named `http`, else the first that is not for management. The order of ports says nothing. */
function portOf(ports: readonly SlicePort[], wanted: string | undefined): SlicePort | undefined {
  if (wanted !== undefined) return ports.find(({ name }) => name === wanted);
  return ports.find(({ name }) => name === 'http') ?? ports.find(({ name }) => name !== management);
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
