import type { Instance, InstanceList } from '@dure/balancer';

/** Instances of services, and for each URL that a route leads to the one server that it names. */
export function withUrls(instances: InstanceList): InstanceList {
  const servers = new Map<string, readonly Instance[]>();
  return {
    instances(service) {
      if (!service.startsWith('http://')) return instances.instances(service);
      const known = servers.get(service) ?? [serverAt(service)];
      servers.set(service, known);
      return known;
    },
    onChange: (service, changed) => instances.onChange(service, changed),
  };
}

function serverAt(url: string): Instance {
  const { hostname, port } = new URL(url);
  return {
    id: url,
    service: url,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : Number(port),
    managementPort: undefined,
    zone: undefined,
    metadata: {},
  };
}
