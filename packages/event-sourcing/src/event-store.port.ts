import type { WrittenEvent } from './evolve.ts';
import type { Fact } from './fact.ts';

/** What must hold of a stream when something is appended: anything, that it is new, that it is not, or its version. */
export type ExpectedVersion = 'any' | 'none' | 'exists' | number;

/** An event of a stream. */
export interface StreamEvent extends WrittenEvent {
  readonly stream: string;
  /** Its number in the stream; the first is 1. */
  readonly version: number;
}

/** A state that was kept. */
export interface Snapshot {
  /** The number of the last event in it. */
  readonly version: number;
  readonly state: unknown;
}

/** What is known of a stream: a snapshot, if there is one of this code's version, and the events after it. */
export interface StoredStream {
  readonly stream: string;
  readonly snapshot: Snapshot | undefined;
  /** With those that wait for the COMMIT of this transaction. */
  readonly events: readonly StreamEvent[];
  /** Of what is committed; 0 when there is nothing. */
  readonly version: number;
  /** Of whom its events say something personal. */
  readonly subjects: readonly string[];
}

/** What is appended to a stream. */
export interface Append {
  readonly stream: string;
  readonly facts: readonly Fact[];
  readonly expected: ExpectedVersion;
  /** Whether the unit of work may run again when the stream has moved on; else it fails: EVENT_SOURCING_CONFLICT. */
  readonly mayRepeat: boolean;
  /** The state after the facts, to be kept with the commit. */
  readonly snapshot?: Snapshot & { readonly codeVersion: number; readonly subjects: readonly string[] };
}

/** Where the streams of a service stand: its log. */
export interface EventStore<Tx> {
  /** Reads streams as they are, in one round trip, in the given order; in a unit of work that runs again, under lock. */
  load(tx: Tx, streams: readonly string[], codeVersion: number): Promise<readonly StoredStream[]>;
  /** Appends with the COMMIT: in the call that ends the unit of work, without a round trip of its own. */
  append(tx: Tx, append: Append): void;
  /** Committed events of one stream after a version, at most `limit`. */
  read(tx: Tx, stream: string, after: number, limit: number): Promise<readonly StreamEvent[]>;
}
