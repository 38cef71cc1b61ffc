/** What became of the timers that were due. */
export interface TimersFired {
  /** How many messages were sent. */
  readonly fired: number;
  /** Epoch milliseconds at which the next one is due; undefined when there is none. */
  readonly nextAt: number | undefined;
}

/** A timer that waits. */
export interface WaitingTimer {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
  /** The type of the message that it sends. */
  readonly type: string;
}

/** The timers of a service, set by its units of work. */
export interface TimerStore {
  /**
   * Sends the messages of at most `limit` timers that are due, the earliest first; a timer is deleted by the transaction
   * that writes its message into the log. Several processes may do so at once.
   */
  fire(limit: number): Promise<TimersFired>;
  /** Rings after each commit in this process that set a timer. */
  onSchedule(ring: () => void): () => void;
  /** The timers that wait, the earliest first. */
  waiting(limit: number): Promise<readonly WaitingTimer[]>;
}
