import { Resolver } from 'node:dns/promises';
import { checked, checkedMs } from '../options.ts';
import type { DnsResolver } from './dns-resolver.port.ts';

/** Options of `nodeDns`. */
export interface NodeDnsOptions {
  /** Addresses of name servers, `192.0.2.1` or `192.0.2.1:5353`. Default: the machine's. */
  readonly servers?: readonly string[];
  /** How long one question may take before it is asked again. Default 2 000. */
  readonly timeoutMs?: number;
  /** How often a question is asked. Default 2. */
  readonly tries?: number;
}

/** The machine's resolver (c-ares; it does not read the hosts file). A value out of range is BALANCER_OPTION_INVALID. */
export function nodeDns(options: NodeDnsOptions = {}): DnsResolver {
  const timeout = checkedMs('nodeDns', 'timeoutMs', options.timeoutMs ?? 2_000);
  const tries = checked('nodeDns', 'tries', options.tries ?? 2, { from: 1, to: 10, whole: true });
  const resolver = new Resolver({ timeout, tries });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  return {
    async srv(name) {
      const records = await resolver.resolveSrv(name);
      return records.map(({ name: target, port, priority, weight }) => ({ target, port, priority, weight }));
    },
    async addresses(host) {
      const records = await resolver.resolve4(host, { ttl: true }).catch(() => resolver.resolve6(host, { ttl: true }));
      return records.map(({ address, ttl }) => ({ address, ttlMs: ttl * 1_000 }));
    },
  };
}
