import type { Identity } from '@dure/core';
import type { Target } from '../http/target.ts';
import type { Destination } from './destination.ts';

/** Something that was decided about a request. */
export interface Note {
  /** The stage that decided: `attempt`, `cache`, `limit`. */
  readonly what: string;
  readonly text: string;
  /** Since the request came, in milliseconds. */
  readonly atMs: number;
}

/** What whoever watches a proxy may know of an exchange. */
export interface ExchangeView {
  /** The `Dure-Request-Id` of the answer, which is the trace where there is one. */
  readonly traceId: string;
  readonly method: string;
  readonly target: Pick<Target, 'path'>;
  readonly host: string;
  /** The client's address. */
  readonly address: string;
  readonly identity: Identity;
  readonly route: string;
  readonly destination: Pick<Destination, 'service'>;
  /** Undefined when nothing was noted. */
  readonly notes: readonly Note[] | undefined;
}

/** Hears of every exchange when it has ended: with a status, 499 when the client has gone before, after so many milliseconds. */
export type ObserveExchange = (exchange: ExchangeView, status: number, tookMs: number) => void;
