/** How a change gets from the backend to those who run on it. */
export interface RollOutPolicy {
  /**
   * Asks a running instance of every service that reads the change whether it fits its schema; one that refuses it has it
   * refused everywhere. Default true.
   */
  readonly check?: boolean;
  /** Gives it to one instance of each of these services first, and takes it back if that falls ill. Default false. */
  readonly canary?: boolean;
  /** How long such an instance is watched, in milliseconds. Default 30 000. */
  readonly watchMs?: number;
}
