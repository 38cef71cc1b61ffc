import { anonymous } from '@dure/core';
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
  const target = { path, query };
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    method: 'GET',
    target,
    host: 'shop.test',
    address: '192.0.2.7',
    identity: subject === undefined ? anonymous : { kind: 'user', subject, roles: [], scopes: [] },
    route: 'things.getThing',
    destination: { service: 'things' },
    notes,
  };
}
