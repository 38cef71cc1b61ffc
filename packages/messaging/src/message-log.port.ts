import type { LaneRange } from './lane.ts';
import type { Message } from './message.ts';

/** Which messages a reader wants: all events of some types, and whatever is addressed to it. */
export interface MessageFilter {
  /** Event types; an empty list means none. */
  readonly events: readonly string[];
  /** Commands and replies with this destination; undefined means none. */
  readonly destination: string | undefined;
}

export interface LogPage {
  readonly messages: readonly Message[];
  /** Everything up to and including this position has been looked at: where to go on. */
  readonly mark: number;
  /** The era of the log, where it is told: before anything of the page is applied. */
  readonly era?: string | undefined;
}

/** Positions by track, as a consumer behind a broker counts: `order/events/7`. */
export type TrackEnds = Readonly<Record<string, number>>;

/** A service's own log, read behind the commit fence: what was once skipped never appears later. */
export interface MessageLog {
  /** The highest position up to which nothing can appear any more. Never blocks on an open transaction. */
  advance(): Promise<number>;
  /**
   * Messages in `(after, upTo]` in order of position, at most `limit`; a filter of `'all'` takes everything.
   * `upTo` is a position that `advance` returned earlier, and is asked for when it is left out. `lanes` narrows it to keys
   * in those lanes.
   */
  read(after: number, filter: MessageFilter | 'all', limit: number, upTo?: number, lanes?: LaneRange): Promise<LogPage>;
  /**
   * Notes that a reader has handled everything up to a position, so that what is behind it is kept. Returns the floor: what
   * stands at or below it has been dropped.
   */
  asked(reader: string, after: number): Promise<number>;
  /**
   * A position behind which everything stands that was written at a time (epoch milliseconds) or later, as near to it as the log
   * can tell; never one that has been dropped. For 0 it is the floor.
   */
  before(at: number): Promise<number>;
  /** The last position of each track (`trackOf`) among the messages in `(after, upTo]` that a reader wants. */
  ends(after: number, upTo: number, filter: MessageFilter): Promise<TrackEnds>;
  /**
   * The era in which the last answer of `advance` is safe: another one begins when the database was restarted, failed over or was restored.
   * Undefined before the first.
   */
  era(): string | undefined;
  /**
   * The last position that an era has in common with what the log holds now; past every position for the present era, undefined
   * for one that the log does not know.
   */
  endOf(era: string): Promise<number | undefined>;
  /** Rings after each commit in this process that appended; a hint, so a missed one costs one poll. */
  onAppend(ring: () => void): () => void;
}
