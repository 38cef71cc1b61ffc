/** What a system's customers do while it is put to the test. Ends, with its report, when the signal aborts. */
export type Traffic = (edge: string, signal: AbortSignal) => Promise<TrafficReport>;

export interface TrafficReport {
  readonly requests: number;
  /** Those that were not answered as they should have been. */
  readonly failed: number;
  /** What they were answered, in words, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}
