/** One instance of a flow, as far as its watcher has seen it. Times are epoch milliseconds. */
export interface WatchedFlow {
  readonly flow: string;
  /** What all its messages have in common. */
  readonly correlation: string;
  readonly lastEvent: string;
  readonly lastAt: number;
}

/** What a watcher has seen. */
export interface FlowSighting extends WatchedFlow {
  /** When it stalls unless it ends before; only with the event that starts it. */
  readonly dueAt?: number;
  readonly ends: boolean;
}

/** Remembers instances of flows, in the transactions in which their events are taken. */
export interface FlowStore<Tx> {
  /** Notes an event; they may come in any order, so that one may end before it starts. */
  see(tx: Tx, sighting: FlowSighting): Promise<void>;
  /** Those that are due, have not ended and have not been told of; from then on they have. */
  stalled(tx: Tx, now: number, limit: number): Promise<readonly WatchedFlow[]>;
  /** Forgets those of which nothing was heard since. */
  forget(tx: Tx, before: number): Promise<void>;
}
