import { isIP } from 'node:net';
import { registryErrors } from '../../errors.ts';

/** DNS answers of a registry. */
export interface DnsOptions {
  /** Over UDP and TCP. 0: any free one. */
  readonly port: number;
  /** The address to listen on. Default 127.0.0.1; whoever reaches another one can ask who runs where. */
  readonly host?: string;
  /** The domain of the services' names. Default `dure.internal`. */
  readonly zone?: string;
  /** How long an answer may be remembered, in seconds. Default 1. */
  readonly ttlS?: number;
}

/** The options, complete and checked. */
export type DnsSettings = Required<DnsOptions>;

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const domain = new RegExp(`^(?=.{1,100}$)${label}([.]${label})*$`);

/** Checks the options: REGISTRY_OPTION_INVALID. */
export function dnsSettings(options: DnsOptions): DnsSettings {
  const { port, host = '127.0.0.1', zone = 'dure.internal', ttlS = 1 } = options;
  demand('port', port, isWhole(port, 65_535), 'a whole number from 0 to 65535');
  demand('host', host, isIP(host) > 0, 'an IP address');
  demand('zone', zone, domain.test(zone), 'a domain in lower case such as `dure.internal`, at most 100 characters');
  demand('ttlS', ttlS, isWhole(ttlS, 86_400), 'a whole number from 0 to 86400');
  return { port, host, zone, ttlS };
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function demand(name: string, value: string | number, holds: boolean, expected: string): void {
  if (holds) return;
  throw registryErrors.OPTION_INVALID(`registryService: dns.${name} is ${value}; expected ${expected}`, {
    details: { name: `dns.${name}`, value },
  });
}
