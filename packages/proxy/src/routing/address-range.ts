import { BlockList, isIP } from 'node:net';
import { gatewayErrors } from '../errors.ts';

/** A range of addresses. */
export interface AddressRange {
  /** As it was written. */
  readonly text: string;
  /** IPv4, IPv6, or IPv4 as mapped into IPv6 (RFC 4291 §2.5.5.2). What is no address is in no range. */
  includes(address: string): boolean;
}

/**
 * Reads an address or a range in CIDR notation (RFC 4632, RFC 4291 §2.3): `10.1.0.0/16`, `2001:db8::/32`, `::1`.
 * Without a length it is that address alone. GATEWAY_ROUTE_INVALID.
 */
export function parseAddressRange(text: string): AddressRange {
  const [, written = '', length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(written)?.[1];
  const address = mapped ?? written;
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length) - (mapped === undefined ? 0 : 96);
  if (family === 0 || prefix < 0 || prefix > bits) {
    throw gatewayErrors.ROUTE_INVALID(`"${text}" is not an address range such as 10.1.0.0/16 or 2001:db8::/32`, {
      details: { range: text },
    });
  }
  const list = new BlockList();
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return {
    text,
    includes(candidate) {
      const zone = candidate.indexOf('%');
      const plain = zone < 0 ? candidate : candidate.slice(0, zone);
      const kind = isIP(plain);
      return kind !== 0 && list.check(plain, kind === 4 ? 'ipv4' : 'ipv6');
    },
  };
}
