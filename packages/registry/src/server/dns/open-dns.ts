import type { Clock, Random } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { InstanceRegistry } from '../instance-registry.ts';
import type { DnsQuery, DnsReply } from './dns-message.ts';
import { datagramLimit, largestStreamedBytes, readQuery, writeReply } from './dns-message.ts';
import type { DnsResponder, DnsServer } from './dns-server.ts';
import { openDnsServer } from './dns-server.ts';
import type { DnsSettings } from './dns-settings.ts';
import type { DnsZoneOptions } from './dns-zone.ts';
import { dnsZone } from './dns-zone.ts';

/** What DNS answers are made from. */
export interface DnsParts {
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Opens an authoritative name server on the registry's table; it asks nobody else. REGISTRY_DNS_LISTEN_FAILED. */
export function openDns({ clock, telemetry, ...parts }: DnsParts, settings: DnsSettings): Promise<DnsServer> {
  const respond = dnsResponder({ ...parts, ...settings }, telemetry);
  return openDnsServer({ ...settings, clock, respond });
}

/** Answers packets; what cannot be answered for a fault of ours is SERVFAIL. */
export function dnsResponder(zone: DnsZoneOptions, { metrics, log }: Telemetry): DnsResponder {
  const lookUp = dnsZone(zone);
  const answered = metrics.counter('registry_dns_answers', 'DNS answers, by transport and result');
  return (packet, transport) => {
    const query = readQuery(packet);
    if (query === undefined) return undefined;
    const write = (reply: DnsReply) => {
      const answer = writeReply(query, reply, transport === 'tcp' ? largestStreamedBytes : datagramLimit(query));
      answered.add(1, { transport, rcode: reply.rcode });
      return answer;
    };
    try {
      return write(replyTo(query, lookUp));
    } catch (error) {
      log.error(`a DNS query could not be answered: ${messageOf(error)}`, { error });
      return write({ rcode: 'SERVFAIL' });
    }
  };
}

function replyTo({ fault, question }: DnsQuery, lookUp: ReturnType<typeof dnsZone>): DnsReply {
  if (fault !== undefined) return { rcode: fault };
  return question === undefined ? { rcode: 'FORMERR' } : lookUp(question);
}
