import type { Clock, Random } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Vitals } from '../wire/change-feed.ts';
import type { FeedTransport } from './transport.ts';

/** Options of `feedHints`. */
export interface FeedHintsOptions {
  /** `http://127.0.0.1:8888` */
  readonly url: string;
  readonly signer: TokenSigner;
  /** What this instance is called in the table of versions. */
  readonly instance: string;
  /** As for `serverSource`. */
  readonly label?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** How the instance is, while it tries out a change. Without it only its connection is watched. */
  readonly vitals?: () => Promise<Vitals>;
  /** Is told of events of the bus. */
  readonly onBus?: (event: unknown) => void;
  /** Is told once when the feed breaks; the watch asks more often until it is back. */
  readonly observe?: (problem: string) => void;
  readonly transport?: FeedTransport;
}
