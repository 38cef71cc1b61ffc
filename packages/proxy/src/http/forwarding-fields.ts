/** Who sent a request, as far as the proxy itself can tell. */
export interface Sender {
  readonly address: string;
  readonly host: string;
  readonly protocol: 'http' | 'https';
  /** What was taken off the path; empty when nothing was. */
  readonly prefix: string;
  /** The trusted proxies that the request has come by since. */
  readonly through: readonly string[];
  /** As it goes on. */
  readonly via: string;
}

/**
 * The fields that tell a service who asked (RFC 7239, and the `X-Forwarded-*` that everybody reads): made afresh, whatever
 * the client sent, from what trusted proxies say and the connection shows.
 */
export function forwardedFields({ address, host, protocol, prefix, through, via }: Sender): string {
  return (
    `forwarded: for=${node(address)};host="${host}";proto=${protocol}${later(through, (one) => `, for=${node(one)}`)}\r\n` +
    `x-forwarded-for: ${address}${later(through, (one) => `, ${one}`)}\r\nx-forwarded-host: ${host}\r\nx-forwarded-proto: ${protocol}\r\n` +
    (prefix === '' ? '' : `x-forwarded-prefix: ${prefix}\r\n`) +
    `via: ${via}\r\n`
  );
}

function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

function later(through: readonly string[], write: (address: string) => string): string {
  return through.length === 0 ? '' : through.map(write).join('');
}

/** An address as people write it: IPv4 in IPv6 clothing is undressed. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
