import { BlockList, isIP } from 'node:net';

/**
 * Addresses where no service lives, whoever names them: this host in general (0.0.0.0/8, `::`), link-local ones, where clouds
 * keep their credentials, and multicast; also metadata services that are not link-local, and all of it through NAT64
 * (RFC 6052). Names are judged by what they resolve to, when a connection is opened. IPv4 as mapped into IPv6 is IPv4 here.
 */
export const forbiddenAddresses = new BlockList();

for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
] as const) {
  forbiddenAddresses.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['64:ff9b::0.0.0.0', 104],
  ['64:ff9b::169.254.0.0', 112],
] as const) {
  forbiddenAddresses.addSubnet(network, prefix, 'ipv6');
}

/** Whether a host is written as one of the forbidden addresses; false for every name. */
export function isForbiddenAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && forbiddenAddresses.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
