import type { Clock } from '@dure/core';
import type { Note, ObserveExchange } from '../engine/exchange-view.ts';

/** Why a request was answered as it was. */
export interface Explanation {
  /** The `Dure-Request-Id` of its answer, which is its trace. */
  readonly id: string;
  /** When its answer had ended, in epoch milliseconds. */
  readonly at: number;
  readonly client: string;
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly service: string;
  readonly status: number;
  readonly tookMs: number;
  readonly notes: readonly Note[];
}

/** What a proxy remembers of its last requests. */
export interface Explanations {
  readonly observe: ObserveExchange;
  find(id: string): Explanation | undefined;
  /** The last ones, the youngest first. */
  last(count: number): readonly Explanation[];
}

/** Remembers the last `most` requests, whether they are traced or not. */
export function explanations(clock: Clock, most = 2_000): Explanations {
  const kept: Explanation[] = [];
  let next = 0;
  return {
    observe({ traceId, address, identity, method, target, route, destination, notes = none }, status, tookMs) {
      kept[next] = {
        id: traceId,
        at: clock.now(),
        client: address,
        caller: identity.kind === 'anonymous' ? 'nobody' : `${identity.kind} ${identity.subject}`,
        method,
        path: target.path,
        route,
        service: destination.service,
        status,
        tookMs,
        notes,
      };
      next = (next + 1) % most;
    },
    find: (id) => kept.find((one) => one.id === id),
    last: (count) => [...kept.slice(0, next).reverse(), ...kept.slice(next).reverse()].slice(0, count),
  };
}

const none: readonly Note[] = [];
