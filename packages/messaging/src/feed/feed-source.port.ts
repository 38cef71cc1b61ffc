import type { Message } from '../message.ts';
import type { LogPage, TrackEnds } from '../message-log.port.ts';

/** Where a consumer gets the messages of one source from. */
export interface FeedSource {
  /** The service in whose log the messages stand. */
  readonly source: string;
  /**
   * Pages after a position, in order, as they come. It may end at any time and is then opened again; it throws when
   * the source cannot be read. The first page tells the era of the log. `era`: the one in which the consumer got as far as it is;
   * MESSAGING_FEED_AHEAD when the log has lost what the consumer has read in it.
   */
  open(after: number, signal: AbortSignal, era?: string): AsyncIterable<LogPage>;
  /** Where to begin for what was written at a time (epoch milliseconds) or later; for 0, where the log begins that is kept. */
  positionAt(at: number, signal: AbortSignal): Promise<number>;
  /**
   * Where each of the consumer's tracks ended after a position and up to another one, or up to where the log ends: whoever has
   * passed all of these has everything up to there, in whatever order it came.
   */
  ends(after: number, upTo: number, signal: AbortSignal): Promise<FeedEnds>;
  /** What the log has in common with eras in which it was read: what a record says, or where a consumer got as far as it is. One or two. */
  eras(of: readonly string[], signal: AbortSignal): Promise<LogEras>;
  /** The data that a message of this source has put aside, chunk by chunk. MESSAGING_CLAIM_GONE. */
  payload(message: Message, signal: AbortSignal): AsyncIterable<string>;
  /** Rings when it may be worth trying again at once. Returns the unsubscriber. */
  onChange?(ring: () => void): () => void;
}

/** How far a log was looked at, and the last position of each track (`trackOf`) up to there. */
export interface FeedEnds {
  readonly upTo: number;
  readonly tracks: TrackEnds;
  /** The era of the log. */
  readonly era?: string | undefined;
}

/** A log's present era, where the log ends, and the last position of eras that the log still holds as it was. */
export interface LogEras {
  readonly era: string | undefined;
  readonly end: number;
  /** Nothing for an era that the log does not know. */
  readonly common: Readonly<Record<string, number>>;
}

/** What one consumer may read of a log. */
export interface FeedGrant {
  /** Event types it reacts to. */
  readonly events: readonly string[];
  /** Whether commands and replies are addressed to it. */
  readonly addressed: boolean;
}
