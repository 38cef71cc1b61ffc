/** How far a service's log has been published. */
export interface RelayMark {
  /** Everything up to here is confirmed by the broker, or was none of its business. */
  readonly position: number;
  /** The last published position of each lane of each topic, as of `position`. */
  readonly heads: Readonly<Record<string, number>>;
}

/** Keeps the mark of a service's relay, and whose turn it is to publish. */
export interface RelayStore {
  /** Takes the turn for a while, or keeps it: the mark, or undefined while another has it. */
  claim(owner: string, forMs: number): Promise<RelayMark | undefined>;
  /** Moves the mark, never back, and keeps the turn; false when it is another's by now. */
  move(owner: string, mark: RelayMark, forMs: number): Promise<boolean>;
  /** Gives the turn back. */
  release(owner: string): Promise<void>;
}
