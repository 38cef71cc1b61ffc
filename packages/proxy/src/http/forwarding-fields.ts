/** Who sent a request, as far as the proxy itself can tell. */
export interface Sender {
  readonly address: string;
  readonly host: string;
  readonly protocol: 'http' | 'https';
  /** What was taken off the path; empty when nothing was. */
  readonly prefix: string;
}

const ipv6 = /:/;

/**
 * The fields that tell a service who asked (RFC 7239, and the `X-Forwarded-*` that everybody reads): made afresh, whatever
 * the client sent.
 */
export function forwardedFields({ address, host, protocol, prefix }: Sender): string {
  const node = ipv6.test(address) ? `"[${address}]"` : address;
  return (
    `forwarded: for=${node};host="${host}";proto=${protocol}\r\n` +
    `x-forwarded-for: ${address}\r\nx-forwarded-host: ${host}\r\nx-forwarded-proto: ${protocol}\r\n` +
    (prefix === '' ? '' : `x-forwarded-prefix: ${prefix}\r\n`) +
    'via: 1.1 dure\r\n'
  );
}

/** An address as people write it: IPv4 in IPv6 clothing is undressed. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
