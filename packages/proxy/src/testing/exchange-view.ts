import { anonymous } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { ExchangeView, Note } from '../engine/exchange-view.ts';

export interface ExchangeViewParts {
  readonly path?: string;
  readonly query?: string;
  /** A user; nobody by default. */
  readonly subject?: string;
  readonly notes?: readonly Note[];
}

/** An exchange as whoever watches a proxy sees it. */
export function exchangeView({ path = '/', query = '', subject, notes }: ExchangeViewParts): ExchangeView {
  return {
    method: 'GET',
    target: { ok: true, path, query, authority: undefined },
    host: 'shop.test',
    address: '192.0.2.7',
    identity: subject === undefined ? anonymous : { kind: 'user', subject, roles: [], scopes: [] },
    route: 'things.getThing',
    destination: { service: 'things', operation: 'getThing', timeoutMs: 1_000, stream: false, prefix: '' },
    span: silentTelemetry().startSpan('test'),
    notes,
  };
}
