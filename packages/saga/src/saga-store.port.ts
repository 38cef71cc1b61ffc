import type { SagaChange, SagaHistoryEntry } from './change.ts';
import type { SagaInstance, SagaState } from './instance.ts';
import type { AnySaga } from './saga.ts';

/** An unfinished instance that something is to happen to at `dueAt`, epoch milliseconds. */
export interface DueSaga {
  readonly id: string;
  readonly dueAt: number;
  readonly traceparent: string;
  readonly correlation: string;
}

/** How many unfinished instances there are of one definition. */
export interface OpenSagas {
  readonly saga: string;
  readonly version: number;
  readonly shape: string;
  readonly count: number;
}

/** An event that came for instances that wait. */
export interface SagaArrival {
  readonly event: string;
  readonly key: string;
  readonly data: unknown;
  /** When it came here, epoch milliseconds. */
  readonly at: number;
}

/** Which instances a list shows. */
export interface SagaFilter {
  readonly state?: SagaState;
  readonly saga?: string;
  readonly key?: string;
  readonly limit: number;
}

/** Keeps instances, in the transactions of the service that owns them. */
export interface SagaStore<Tx> {
  /** Writes a new instance with the commit. The commit fails when an unfinished one has the same name and key. */
  insert(tx: Tx, change: SagaChange): void;
  /**
   * Reads an instance and keeps it from others until the transaction ends. With `skipLocked` one that somebody else
   * holds is undefined at once, as is one that does not exist.
   */
  lock(tx: Tx, id: string, how?: 'wait' | 'skip-locked'): Promise<SagaInstance | undefined>;
  /** Writes a change of a locked instance with the commit: instance, history, and the commands into the outbox. */
  save(tx: Tx, change: SagaChange): void;
  /**
   * Runs part of a transaction that may fail alone: when it throws, all that it did and buffered is taken back and the
   * transaction goes on. Errors after which a transaction cannot go on are passed through.
   */
  attempt(
    tx: Tx,
    work: () => Promise<void>,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: unknown }>;
  /** Remembers an event for instances that wait for it, or soon will; the latest of a key counts. */
  remember(tx: Tx, arrival: SagaArrival): Promise<void>;
  /** The event with this key, if one has come since `since`, epoch milliseconds. */
  arrival(tx: Tx, event: string, key: string, since: number): Promise<SagaArrival | undefined>;
  /** The instances that wait for an event with this key. */
  waiting(tx: Tx, event: string, key: string): Promise<readonly string[]>;
  /** Forgets events that came before that time, epoch milliseconds. */
  forget(tx: Tx, before: number): Promise<void>;
  /** The instances of these definitions that are due first, in that order, whether the time has come or not. */
  due(sagas: readonly AnySaga[], limit: number): Promise<readonly DueSaga[]>;
  /** Counts unfinished instances by definition. */
  open(): Promise<readonly OpenSagas[]>;
  /** An instance as last committed. */
  find(id: string): Promise<SagaInstance | undefined>;
  /** Instances as last committed, latest first. */
  list(filter: SagaFilter): Promise<readonly SagaInstance[]>;
  /** What happened to an instance, in order. */
  history(id: string): Promise<readonly SagaHistoryEntry[]>;
}
