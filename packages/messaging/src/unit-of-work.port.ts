import type { Call, Schema } from '@dure/core';
import type { AnyCommand, CommandType } from './command.ts';
import type { AnyEvent, EventType } from './event.ts';

/** What a unit of work may send. Everything is buffered and reaches the log with the COMMIT, or not at all. */
export interface Outbox {
  /** Records that something happened. The data is checked against the event's schema: MESSAGING_DATA_INVALID. */
  emit<Data, Input>(event: EventType<string, Data, Input>, data: Input): void;
  /** Asks another service to do something. Its answer arrives as a reply. */
  send<Input>(command: CommandType<string, Input>, data: Input): void;
}

/** When a message is sent that is put off: at a time in epoch milliseconds, or so many from now. */
export type When = { readonly at: number } | { readonly afterMs: number };

/** What is given to send an event or a command. */
export type MessageInput<M> = M extends { readonly kind: 'event'; readonly schema: Schema<infer Input, unknown> }
  ? Input
  : M extends { readonly kind: 'command'; readonly input: Schema<unknown, infer Input> }
    ? Input
    : never;

/** What a unit of work may put off. Timers are set and withdrawn with the COMMIT, or not at all. */
export interface Scheduling {
  /**
   * Sends a message later. A timer has one name in its service: setting it again moves it and replaces its message. It is
   * sent once, in the transaction that deletes the timer; its data are checked now: MESSAGING_DATA_INVALID.
   *
   * @example
   * tx.schedule(`payment of ${orderId}`, { afterMs: 900_000 }, paymentOverdue, { orderId });
   */
  schedule<M extends AnyEvent | AnyCommand>(name: string, when: When, message: M, data: MessageInput<M>): void;
  /** Withdraws a timer; nothing happens when there is none, or when it has been sent. */
  unschedule(name: string): void;
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
