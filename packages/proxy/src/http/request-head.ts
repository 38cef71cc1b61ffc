import { headers, internalHeaderPrefix } from '@dure/core';
import { fieldKinds, hopByHop, tokens } from './field-kinds.ts';

/** A request's header fields, sorted in one pass. */
export interface RequestHead {
  /** The end-to-end fields as they are forwarded, each with its line end. */
  readonly fields: string;
  readonly host: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
  /** `Dure-Position`, as the client took it from an answer; anything may be in it. */
  readonly position?: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  /** The stated length of the body; undefined when none is stated. */
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
  /** Whom the request has come by (RFC 9110 §7.6.3). */
  readonly via?: string | undefined;
  /** The client reads trailer fields. */
  readonly takesTrailers?: boolean;
}

/** Why a request is refused for its header fields. */
export interface BadRequestHead {
  readonly refusal: 'malformed' | 'too-many' | 'coding';
  readonly why: string;
}

type Kind =
  | 'pass'
  | 'drop'
  | 'refuse'
  | 'host'
  | 'authorization'
  | 'cookie'
  | 'idempotencyKey'
  | 'traceparent'
  | 'position'
  | 'origin'
  | 'fetchSite'
  | 'contentLength'
  | 'coding'
  | 'connection'
  | 'te'
  | 'via';

/**
 * What anybody outside could forge: who asked, from where, and what for. They are dropped; the gateway sets its own. The
 * overrides of method and path are known to frameworks behind many a gateway and are dropped for all of them.
 */
const forgeable: ReadonlySet<string> = new Set([
  'forwarded',
  'client-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
  'x-original-url',
  'x-original-host',
  'x-original-forwarded-for',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-host',
  headers.tracestate,
  headers.baggage,
  'b3',
  'expect',
]);
const forgeablePrefixes = [internalHeaderPrefix, 'x-forwarded-', 'x-b3-'];

const kinds: Readonly<Record<string, Kind>> = {
  host: 'host',
  authorization: 'authorization',
  cookie: 'cookie',
  [headers.idempotencyKey]: 'idempotencyKey',
  [headers.traceparent]: 'traceparent',
  [headers.position]: 'position',
  origin: 'origin',
  'sec-fetch-site': 'fetchSite',
  'content-length': 'contentLength',
  'transfer-encoding': 'coding',
  connection: 'connection',
  te: 'te',
  via: 'via',
  // Look-alikes of the fields that frame a body; some servers read an underscore as a hyphen.
  transfer_encoding: 'refuse',
  content_length: 'refuse',
};

const kindOf = fieldKinds<Kind>((name) => {
  if (Object.hasOwn(kinds, name)) return kinds[name] ?? 'pass';
  if (hopByHop.has(name) || forgeable.has(name) || name.includes('_')) return 'drop';
  return forgeablePrefixes.some((prefix) => name.startsWith(prefix)) ? 'drop' : 'pass';
});

/** Whether a field of this name, in lower case, passes as it is. */
export const isEndToEnd = (name: string): boolean => kindOf(name) === 'pass';

/** Fields that are read here and still concern the service. */
const alsoForwarded: ReadonlySet<Kind> = new Set(['idempotencyKey', 'origin', 'fetchSite']);

/** Fields that a client may name in `Connection` without harm: they concern the connection, or are dropped anyway. */
const mayBeNamed = (name: string) =>
  name === 'close' || kindOf(name) === 'drop' || kindOf(name) === 'position' || name === 'te' || name === 'trailer';

/** RFC 3986 §3.2.2: a name, an IPv4 address or a bracketed IPv6 address, and a port. No user information, no path. */
const authority = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Whether a text is an authority that a `Host` field may hold. */
export function isAuthority(text: string): boolean {
  return text.length <= 255 && authority.test(text);
}

/** Sorts the fields of a request; `raw` holds names and values in turn, as they came. */
export function readRequestHead(raw: readonly string[], maxFields: number): RequestHead | BadRequestHead {
  if (raw.length > 2 * maxFields) return { refusal: 'too-many', why: `there are more than ${maxFields} header fields` };
  const single: { [K in Kind]?: string } = {};
  let fields = '';
  let connection = '';
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const kind = kindOf(name);
    if (kind === 'pass') {
      fields += `${name}: ${value}\r\n`;
    } else if (kind === 'connection') {
      connection = connection === '' ? value : `${connection},${value}`;
    } else if (kind === 'te' || kind === 'via' || kind === 'position') {
      single[kind] = single[kind] === undefined ? value : `${single[kind]}, ${value}`;
    } else if (kind === 'cookie' && single.cookie !== undefined) {
      single.cookie += `; ${value}`;
    } else if (kind === 'refuse') {
      return malformed(`the field "${name}" looks like one that frames the body`);
    } else if (kind !== 'drop') {
      if (single[kind] !== undefined) return malformed(`the field "${name}" is there twice`);
      single[kind] = value;
      if (alsoForwarded.has(kind)) fields += `${name}: ${value}\r\n`;
    }
  }
  return sorted(fields, single, connection);
}

function sorted(
  fields: string,
  single: { readonly [K in Kind]?: string },
  connection: string,
): RequestHead | BadRequestHead {
  const { host, contentLength, coding } = single;
  if (host === undefined || !isAuthority(host))
    return malformed('the field "Host" is missing or is not a name and a port');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return { refusal: 'coding', why: 'the transfer coding is not "chunked"' };
  }
  if (contentLength !== undefined && (coding !== undefined || !/^\d{1,15}$/.test(contentLength))) {
    return malformed('the field "Content-Length" is no number, or contradicts "Transfer-Encoding"');
  }
  let endToEnd = fields;
  if (connection !== '' && connection !== 'keep-alive' && connection !== 'close') {
    const named = tokens(connection).filter((name) => name !== 'keep-alive' && !mayBeNamed(name));
    const needed = named.find((name) => kindOf(name) !== 'pass' || name.startsWith('content-'));
    if (needed !== undefined)
      return malformed(`the field "Connection" names "${needed}", which is not for one connection`);
    endToEnd = named.length === 0 ? fields : withoutNamed(fields, named);
  }
  return {
    fields: endToEnd,
    host,
    authorization: single.authorization,
    cookie: single.cookie,
    idempotencyKey: single.idempotencyKey,
    traceparent: single.traceparent,
    position: single.position,
    origin: single.origin,
    fetchSite: single.fetchSite,
    contentLength: contentLength === undefined ? undefined : Number(contentLength),
    chunked: coding !== undefined,
    via: single.via,
    takesTrailers: single.te !== undefined && tokens(single.te).includes('trailers'),
  };
}

function withoutNamed(fields: string, named: readonly string[]): string {
  return fields
    .split('\r\n')
    .filter((line) => !named.includes(line.slice(0, line.indexOf(':')).toLowerCase()))
    .join('\r\n');
}

function malformed(why: string): BadRequestHead {
  return { refusal: 'malformed', why };
}
