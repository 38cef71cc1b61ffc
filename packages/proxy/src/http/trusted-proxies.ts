import { BlockList, isIP } from 'node:net';
import { plainAddress } from './forwarding-fields.ts';
import { isAuthority } from './request-head.ts';

/** What the proxies before this one say of where a request comes from. */
export interface Origin {
  /** The client's address: the first from the right that is no trusted proxy's. */
  readonly address: string;
  /** The trusted proxies between the client and this one, in the order in which the request came by. */
  readonly through: readonly string[];
  /** What the client wrote into `Host`, if they tell. */
  readonly host: string | undefined;
  readonly protocol: 'http' | 'https' | undefined;
}

/**
 * Which of the two families the trusted proxies write. The other is never read: a proxy that writes one passes on what a
 * client has put into the other.
 */
export type ForwardedBy = 'x-forwarded' | 'forwarded';

/** Reads where a request comes from; undefined when its sender is not trusted to know. `raw` holds names and values in turn. */
export type ReadOrigin = (peer: string, raw: readonly string[]) => Origin | undefined;

/** Trusts the proxies of these networks: `10.0.0.0/8`, `::1`. Undefined and the one that makes no sense, if one does not. */
export function trustedProxies(networks: readonly string[], by: ForwardedBy): ReadOrigin | { readonly bad: string } {
  const trusted = new BlockList();
  for (const network of networks) if (!add(trusted, network)) return { bad: network };
  const isTrusted = (address: string) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
  const read = by === 'forwarded' ? readForwarded : readXForwarded;
  return (peer, raw) => (isTrusted(peer) ? originBehind(peer, read(raw), isTrusted) : undefined);
}

function add(list: BlockList, network: string): boolean {
  const [address = '', bits, ...more] = network.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
  const prefix = bits === undefined ? most : Number(bits);
  if (prefix > most) return false;
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

/** One step of a request, as a proxy wrote it down. */
interface Step {
  readonly address: string | undefined;
  readonly host?: string | undefined;
  readonly protocol?: string | undefined;
}

/** From right to left, as far as whoever wrote a step is trusted: anything further left may be the client's invention. */
function originBehind(peer: string, steps: readonly Step[], isTrusted: (address: string) => boolean): Origin {
  const through: string[] = [];
  let address = peer;
  let host: string | undefined;
  let protocol: string | undefined;
  for (let index = steps.length - 1; index >= 0 && isTrusted(address); index -= 1) {
    const step = steps[index];
    if (step?.address === undefined) break;
    through.unshift(address);
    address = step.address;
    host = step.host;
    protocol = step.protocol;
  }
  return {
    address,
    through,
    host: host !== undefined && isAuthority(host) ? host : undefined,
    protocol: protocol === 'http' || protocol === 'https' ? protocol : undefined,
  };
}

function readXForwarded(raw: readonly string[]): readonly Step[] {
  const listOf = (name: string) =>
    valuesOf(raw, name)
      .join(',')
      .split(',')
      .map((entry) => entry.trim());
  const [addresses, hosts, protocols] = [
    listOf('x-forwarded-for'),
    listOf('x-forwarded-host'),
    listOf('x-forwarded-proto'),
  ];
  if (addresses[0] === '' && addresses.length === 1) return [];
  // A proxy that does not add to one of these lists has replaced it: its last entry then holds for every step.
  const at = (list: readonly string[], index: number) =>
    list[list.length === addresses.length ? index : list.length - 1] || undefined;
  return addresses.map((entry, index) => ({
    address: addressOf(entry),
    host: at(hosts, index),
    protocol: at(protocols, index)?.toLowerCase(),
  }));
}

/** RFC 7239 §4. A field that is not well-formed says nothing. */
function readForwarded(raw: readonly string[]): readonly Step[] {
  const text = valuesOf(raw, 'forwarded').join(',');
  const steps: Step[] = [];
  const pair = /\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s",;=]+))\s*([;,]|$)/y;
  let step: Record<string, string> = {};
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return [];
    const [, name = '', quoted, plain, end] = match;
    step[name.toLowerCase()] = quoted ?? plain ?? '';
    if (end === ';') continue;
    steps.push({ address: addressOf(step.for ?? ''), host: step.host, protocol: step.proto?.toLowerCase() });
    step = {};
  }
  return Object.keys(step).length === 0 ? steps : [];
}

/** An address without its port and brackets; undefined when it is none, as `unknown` and `_hidden`. */
function addressOf(text: string): string | undefined {
  const [, six, plain = text] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(text) ?? [];
  const address = plainAddress(six ?? plain);
  return isIP(address) === 0 ? undefined : address;
}

function valuesOf(raw: readonly string[], name: string): readonly string[] {
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
}
