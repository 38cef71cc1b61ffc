/** What a caller wants of one pick. */
export interface PickFor {
  /** For `consistentHash`: calls with the same key go to the same instance. */
  readonly key?: string;
  /** Only instances whose `metadata.version` is this one, as long as there is any that works and was not tried. */
  readonly version?: string;
  /** This very instance, as long as it takes traffic and was not tried: for sessions that stay where they began. */
  readonly instance?: string;
}
