import { createHash } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import type { Random } from '@dure/core';
import { randomInteger } from '@dure/core';
import type { Answer, Question } from 'dns-packet';
import type { InstanceInfo } from '../instance-info.ts';
import { portOf } from '../instance-info.ts';
import type { InstanceRegistry } from '../instance-registry.ts';
import type { DnsReply } from './dns-message.ts';

/** What a zone is made of. */
export interface DnsZoneOptions {
  readonly registry: Pick<InstanceRegistry, 'ofApp' | 'appNames' | 'version'>;
  readonly random: Random;
  /** In lower case, without a dot at the end. */
  readonly zone: string;
  readonly ttlS: number;
  /** Where the server listens: the address of the zone's own name, which is its name server. */
  readonly host: string;
}

/**
 * Answers from the registry as it is now. An instance that is UP is an address of `<service>.<zone>` and, with its port, an
 * SRV record of that name and of `_<service>._tcp.<zone>` (RFC 2782), each under a target name of its own. A service of
 * which no instance is UP has no records; one that is not registered has no name (RFC 2308, 8020).
 */
export function dnsZone(options: DnsZoneOptions): (question: Question) => DnsReply {
  const { zone } = options;
  return ({ name, type, class: space }) => {
    const asked = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    const isOurs = asked === zone || asked.endsWith(`.${zone}`);
    if (!isOurs || space !== 'IN' || type === 'AXFR' || type === 'IXFR') return { rcode: 'REFUSED' };
    const node = nodeOf(asked.slice(0, -zone.length - 1), options);
    if (node === undefined)
      return { rcode: 'NXDOMAIN', isAuthoritative: true, authorities: [startOfAuthority(zone, options)] };
    const wanted: string = type;
    const answers = recordsOf(name, node, options).filter((record) => wanted === 'ANY' || record.type === wanted);
    const additionals = answers.length > 0 ? additionalsOf(type, node, options) : [];
    const authorities = answers.length > 0 ? [] : [startOfAuthority(zone, options)];
    return { rcode: 'NOERROR', isAuthoritative: true, answers, authorities, additionals };
  };
}

/** What stands at a name; one that has nothing itself may still have names below it. */
interface Node {
  readonly isApex?: boolean;
  readonly addresses: readonly string[];
  readonly targets: readonly Target[];
}

interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
}

const empty: Node = { addresses: [], targets: [] };

/** By the part of the name before the zone. */
function nodeOf(path: string, options: DnsZoneOptions): Node | undefined {
  const { registry, zone, host } = options;
  if (path === '') return { isApex: true, addresses: /^[0.:]+$/.test(host) ? [] : [host], targets: [] };
  const ofService = /^_(.+)\._tcp$/.exec(path)?.[1];
  if (ofService !== undefined) {
    return isRegistered(ofService, registry) ? { ...empty, targets: targetsOf(ofService, options) } : undefined;
  }
  if (isRegistered(path, registry)) {
    const targets = targetsOf(path, options);
    return { addresses: [...new Set(targets.map(({ address }) => address))], targets };
  }
  const siblings = targetsOf(path.slice(path.indexOf('.') + 1), options);
  const instance = siblings.find(({ name }) => name === `${path}.${zone}`);
  if (instance !== undefined) return { ...empty, addresses: [instance.address] };
  const below = `.${path}`;
  const services = registry.appNames().map((app) => app.toLowerCase());
  return services.some((one) => one.endsWith(below) || `_${one}._tcp`.endsWith(below)) ? empty : undefined;
}

/** As the router knows services; with the longest zone and a target's label still a name. */
const serviceName = /^[a-z0-9][a-z0-9._-]{0,127}$/;

function isRegistered(service: string, registry: DnsZoneOptions['registry']): boolean {
  return serviceName.test(service) && registry.ofApp(service.toUpperCase()).length > 0;
}

/** The instances that take calls, in an order of chance: whoever takes the first address takes any. */
function targetsOf(service: string, { registry, random, zone }: DnsZoneOptions): readonly Target[] {
  if (!serviceName.test(service)) return [];
  const up = registry.ofApp(service.toUpperCase()).filter(({ info }) => info.status === 'UP');
  return shuffled(up, random).flatMap(({ info }) => {
    const address = [info.hostName, info.ipAddr].find((text) => isIP(text) > 0 && !text.includes('%'));
    if (address === undefined) return [];
    const label = createHash('sha256').update(`${info.app}/${info.instanceId}`).digest('hex').slice(0, 12);
    return [{ name: `${label}.${service}.${zone}`, address, port: portOf(info), weight: weightOf(info) }];
  });
}

/** Tenths of the balancer's weight, which is 1 unless set. */
function weightOf({ metadata }: InstanceInfo): number {
  const weight = metadata.weight?.trim() ? Number(metadata.weight) : 1;
  return weight >= 0 && weight <= 1_000 ? Math.round(weight * 10) : 10;
}

/** Algorithm: Fisher and Yates, in which what was drawn moves to the end. */
function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const mixed = [...items];
  for (let left = mixed.length; left > 1; left -= 1) mixed.push(...mixed.splice(randomInteger(random, 0, left - 1), 1));
  return mixed;
}

function recordsOf(name: string, { isApex, addresses, targets }: Node, options: DnsZoneOptions): readonly Answer[] {
  const { zone, ttlS: ttl } = options;
  const own: readonly Answer[] =
    isApex === true ? [startOfAuthority(name, options), { type: 'NS', name, ttl, data: zone }] : [];
  return [
    ...own,
    ...addresses.map((address) => addressRecord(name, address, ttl)),
    ...targets.map(({ name: target, port, weight }): Answer => {
      return { type: 'SRV', name, ttl, data: { priority: 0, weight, port, target } };
    }),
  ];
}

/** What the reader of these answers would ask for next. */
function additionalsOf(type: string, { addresses, targets }: Node, { zone, ttlS }: DnsZoneOptions): readonly Answer[] {
  if (type === 'SRV') return targets.map(({ name, address }) => addressRecord(name, address, ttlS));
  return type === 'NS' ? addresses.map((address) => addressRecord(zone, address, ttlS)) : [];
}

function addressRecord(name: string, address: string, ttl: number): Answer {
  return { type: isIPv4(address) ? 'A' : 'AAAA', name, ttl, data: address };
}

/** Its `minimum` is how long a "no" may be remembered. Nobody copies the zone: the other times mean nothing. */
function startOfAuthority(name: string, { registry, zone, ttlS }: DnsZoneOptions): Answer {
  const times = { refresh: 3_600, retry: 600, expire: 86_400, minimum: ttlS };
  const data = { mname: zone, rname: `hostmaster.${zone}`, serial: registry.version % 2 ** 32, ...times };
  return { type: 'SOA', name, ttl: ttlS, data };
}
