import type { Message } from '../message.ts';
import type { LogPage } from '../message-log.port.ts';

/** Where a consumer gets the messages of one source from. */
export interface FeedSource {
  /** The service in whose log the messages stand. */
  readonly source: string;
  /**
   * Pages after a position, in order, as they come. It may end at any time and is then opened again; it throws when
   * the source cannot be read.
   */
  open(after: number, signal: AbortSignal): AsyncIterable<LogPage>;
  /** Where to begin for what was written at a time (epoch milliseconds) or later; for 0, where the log begins that is kept. */
  positionAt(at: number, signal: AbortSignal): Promise<number>;
  /** The data that a message of this source has put aside, chunk by chunk. MESSAGING_CLAIM_GONE. */
  payload(message: Message, signal: AbortSignal): AsyncIterable<string>;
  /** Rings when it may be worth trying again at once. Returns the unsubscriber. */
  onChange?(ring: () => void): () => void;
}

/** What one consumer may read of a log. */
export interface FeedGrant {
  /** Event types it reacts to. */
  readonly events: readonly string[];
  /** Whether commands and replies are addressed to it. */
  readonly addressed: boolean;
}
