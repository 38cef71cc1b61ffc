import type { Instance, InstanceList } from '@dure/balancer';
import { staticInstance } from '@dure/balancer';

/** Instances of services, and for each URL that a route leads to the one server that it names. */
export function withUrls(instances: InstanceList): InstanceList {
  const servers = new Map<string, readonly Instance[]>();
  return {
    instances(service) {
      if (!/^https?:\/\//.test(service)) return instances.instances(service);
      const known = servers.get(service) ?? [serverAt(service)];
      servers.set(service, known);
      return known;
    },
    onChange: (service, changed) => instances.onChange(service, changed),
  };
}

function serverAt(url: string): Instance {
  const server = staticInstance(url, url);
  return { ...server, id: url, host: server.host.replace(/^\[|\]$/g, '') };
}
