import type { IncomingMessage } from 'node:http';
import { anonymous } from '@dure/core';
import { plainAddress } from '../http/forwarding-fields.ts';
import { isAuthority } from '../http/request-head.ts';
import type { ExchangeView } from './exchange-view.ts';
import { refusalText } from './problem.ts';
import type { ProxyEngine } from './proxy-engine.ts';

/** What of a request can be told that became no exchange: it was refused before, or the proxy answered it by itself. */
export type Unrouted = Pick<IncomingMessage, 'method' | 'rawHeaders' | 'socket' | 'url'>;

/** Tells whoever watches that a request was refused before a route took it. */
export function tellRefused(engine: ProxyEngine, request: Unrouted, refused: Refused): void {
  const note = { what: 'refused', text: refusalText(refused.error), atMs: 0 };
  engine.tell({ ...viewOf(engine, request), route: nothing, notes: [note], ...refused }, refused.status, 0);
}

interface Refused {
  readonly error: unknown;
  readonly status: number;
  readonly traceId: string;
}

/** Tells whoever watches that the proxy answered a request by itself; `by` says what of it. */
export function tellAnswered(engine: ProxyEngine, request: Unrouted, answered: Answered): void {
  const { by: route, traceId, status, tookMs } = answered;
  engine.tell({ ...viewOf(engine, request), route, traceId }, status, tookMs);
}

interface Answered {
  readonly by: string;
  readonly traceId: string;
  readonly status: number;
  readonly tookMs: number;
}

/** Where something cannot be told. */
const nothing = '-';

function viewOf(
  { name, readOrigin }: ProxyEngine,
  { method = nothing, url = '', rawHeaders, socket }: Unrouted,
): Omit<ExchangeView, 'traceId'> {
  const address = plainAddress(socket.remoteAddress);
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && hostField.test(name));
  const host = at < 0 ? '' : (rawHeaders[at + 1] ?? '');
  return {
    method,
    target: { path: shownPath(url) },
    host: isAuthority(host) ? host : '',
    address: readOrigin?.(address, rawHeaders)?.address ?? address,
    identity: anonymous,
    route: nothing,
    destination: { service: name },
    notes: undefined,
  };
}

const hostField = /^(?:host|:authority)$/i;
const longestPath = 200;

/** The path as it came, which may be ambiguous; without a query, which may hold secrets, and without what would end a string. */
function shownPath(url: string): string {
  if (!url.startsWith('/')) return nothing;
  const [path = ''] = url.slice(0, longestPath).split(/[?#]/, 1);
  return path.toWellFormed().replaceAll(/[^\x21-\x7e]|["\\]/gu, encodeURIComponent);
}
