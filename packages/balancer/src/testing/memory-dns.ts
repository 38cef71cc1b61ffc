import { coreErrors } from '@dure/core';
import type { AddressRecord, DnsResolver, SrvRecord } from '../dns/dns-resolver.port.ts';

/** The records a name server has. */
export interface DnsZone {
  readonly srv: Readonly<Record<string, readonly SrvRecord[]>>;
  readonly addresses: Readonly<Record<string, readonly AddressRecord[]>>;
}

/** A domain name system in memory. */
export interface MemoryDns extends DnsResolver {
  /** What is answered from now on; nothing at all when undefined. */
  zone: DnsZone | undefined;
  /** How many questions were asked. */
  readonly questions: number;
}

/** A resolver for tests. */
export function memoryDns(zone: DnsZone): MemoryDns {
  let questions = 0;
  const answer = <Item>(records: readonly Item[] | undefined, name: string): readonly Item[] => {
    if (records !== undefined && records.length > 0) return records;
    throw coreErrors.INVARIANT(`no record for ${name}`);
  };
  const dns: MemoryDns = {
    zone,
    get questions() {
      return questions;
    },
    async srv(name) {
      questions += 1;
      return answer(dns.zone?.srv[name], name);
    },
    async addresses(host) {
      questions += 1;
      return answer(dns.zone?.addresses[host], host);
    },
  };
  return dns;
}
