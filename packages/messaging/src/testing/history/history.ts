/** A message that was written. Ids are unique over all logs and units of work. */
export interface HistoryMessage {
  /** In whose log it belongs. */
  readonly log: string;
  /** Messages of one key have an order. */
  readonly key: string;
  readonly id: string;
  /** The consumers that are to apply it. */
  readonly wantedBy: readonly string[];
}

/** What a writer did, and what it was told. */
export interface HistoryUnit {
  /** In order of writing. */
  readonly writes: readonly HistoryMessage[];
  /** `unknown`: it may have been committed or not. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** When it was asked for and when it was answered, on one clock for the whole history. */
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Where a message stands. */
export interface HistoryEntry {
  readonly position: number;
  readonly id: string;
}

/** What a reader asked of a log and what it got: everything in `(after, mark]`. */
export interface HistoryPoll {
  readonly reader: string;
  readonly log: string;
  readonly after: number;
  readonly mark: number;
  readonly entries: readonly HistoryEntry[];
  /** Whether it goes on where the reader's last poll ended; false: it has chosen another place. */
  readonly continues: boolean;
  readonly endedMs: number;
}

/** That a consumer has applied a message; what it wrote thereby was written in the same transaction. */
export interface HistoryEffect {
  readonly consumer: string;
  /** The message. */
  readonly of: string;
  readonly writes: readonly HistoryMessage[];
}

/** What took place in a system of logs and consumers, as its clients saw it and as it was found at the end. */
export interface History {
  readonly units: readonly HistoryUnit[];
  /** Each reader's in its order. */
  readonly polls: readonly HistoryPoll[];
  /** Effects of which a consumer was told that they are committed. */
  readonly acknowledged: readonly Pick<HistoryEffect, 'consumer' | 'of'>[];
  /** Each log at the end, in order of position. */
  readonly logs: Readonly<Record<string, readonly HistoryEntry[]>>;
  /** What has been applied at the end; those of a consumer in the order in which it did. */
  readonly effects: readonly HistoryEffect[];
}
