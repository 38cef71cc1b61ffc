import type { Call } from '@dure/core';
import type { CommandType } from './command.ts';
import type { EventType } from './event.ts';

/** What a unit of work may send. Everything is buffered and reaches the log with the COMMIT, or not at all. */
export interface Outbox {
  /** Records that something happened. The data is checked against the event's schema: MESSAGING_DATA_INVALID. */
  emit<Data, Input>(event: EventType<string, Data, Input>, data: Input): void;
  /** Asks another service to do something. Its answer arrives as a reply. */
  send<Input>(command: CommandType<string, Input>, data: Input): void;
}

/** Runs a function in one local transaction. */
export interface UnitOfWork<Tx> {
  /**
   * Commits when `work` resolves and rolls back when it throws. `work` may run again after a serialization failure or
   * deadlock, so it does nothing outside the transaction. When the call carries an `Idempotency-Key` for an
   * operation that is idempotent by key, the result is stored in the same transaction, and a repetition gets
   * the stored result without running `work`.
   */
  uow<T>(call: Call, work: (tx: Tx) => Promise<T>): Promise<T>;
}
