import type { AddressRange } from '../routing/address-range.ts';
import type { HostPattern } from '../routing/host-pattern.ts';
import type { PathPattern } from '../routing/path-pattern.ts';
import type { RouteMatch, ValueMatch } from '../routing/route-rule.ts';

/** A match as its predicates make it, one after the other. */
export interface MatchDraft {
  paths?: readonly PathPattern[];
  methods?: readonly string[];
  hosts?: readonly HostPattern[];
  remoteAddresses?: readonly AddressRange[];
  after?: number;
  before?: number;
  weight?: { readonly group: string; readonly weight: number };
  readonly headers: ValueMatch[];
  readonly queries: ValueMatch[];
  readonly cookies: ValueMatch[];
  /** The predicates as Spring shows them. */
  readonly shown: string[];
}

/** A match of which nothing is asked yet. */
export function emptyMatch(): MatchDraft {
  return { headers: [], queries: [], cookies: [], shown: [] };
}

/** The match of a draft. */
export function finishedMatch({ shown: _, headers, queries, cookies, ...match }: MatchDraft): RouteMatch {
  return {
    ...match,
    ...(headers.length > 0 && { headers }),
    ...(queries.length > 0 && { queries }),
    ...(cookies.length > 0 && { cookies }),
  };
}
