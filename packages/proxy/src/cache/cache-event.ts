import type { ForwardReason } from './cache-status.ts';

/** What a cache has done. */
export type CacheEvent =
  /** What became of a request: a stored answer, fresh or stale, the answer that others waited for too, or why it was forwarded. */
  | {
      readonly kind: 'asked';
      readonly route: string;
      readonly result: 'hit' | 'stale-hit' | 'collapsed' | ForwardReason;
    }
  /** What came of asking the service: a new answer, kept or not, that the stored one is still good, or none better than that. */
  | {
      readonly kind: 'fetched';
      readonly route: string;
      readonly result: 'stored' | 'not-stored' | 'revalidated' | 'stale-if-error';
    };
