import type { Call } from '@dure/core';
import type { MessageBuffer, Outbox, Scheduling } from '@dure/messaging';
import type { Transaction } from 'kysely';
import type { Answer } from './connection.ts';
import { postgresErrors } from './errors.ts';
import type { SubjectKeyRing } from './event-sourcing/subject-key-ring.ts';
import type { Statement } from './statement.ts';

/** A saga as far as starting it needs to know it; `Input` is what it starts with. */
export interface StartableSaga<Input = never> {
  readonly kind: 'saga';
  readonly name: string;
  readonly types?: { readonly input: Input };
}

/**
 * What a unit of work is given: its tables, and an outbox. Messages and sagas reach the database with the COMMIT, in the
 * same packet, or not at all.
 */
export interface Tx<Tables = unknown> extends Outbox, Scheduling {
  /** Kysely inside the transaction. */
  readonly db: Transaction<Tables>;
  /** Starts a saga. POSTGRES_SAGA_UNAVAILABLE when the service does not list it. */
  start<Input>(saga: StartableSaga<Input>, input: Input): void;
}

/** What of a transaction only this package's own parts may touch, such as the saga store. */
export interface TxInside {
  readonly call: Call;
  readonly db: Transaction<unknown>;
  readonly buffer: MessageBuffer;
  /** Which run of the unit of work this is: 1, and more after collisions. */
  readonly attempt: number;
  /** The keys of personal data. */
  readonly keys: SubjectKeyRing;
  /** Adds a statement that is sent with the COMMIT, before the messages; if it fails, nothing is committed. */
  later(text: string, values: readonly unknown[], name?: string): void;
  /** Sends a statement now; one with a name is planned once for each session. */
  query(text: string, values: readonly unknown[], name?: string): Promise<Answer>;
}

/** Begins a saga inside a transaction; given by the saga store. */
export type StartSaga = (inside: TxInside, saga: StartableSaga<unknown>, input: unknown) => void;

const insides = new WeakMap<object, TxInside>();

/** The inside of a transaction that a unit of work has handed out, also when something has been put before it (`Object.create`). */
export function insideOf(tx: object): TxInside {
  for (let at: object | null = tx; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const inside = insides.get(at);
    if (inside !== undefined) return inside;
  }
  throw postgresErrors.UNIT_ENDED('this is not the transaction that a unit of work handed out');
}

/** Makes what a unit of work hands out. */
export function transaction(parts: Omit<TxInside, 'later'>, later: Statement[], startSaga: StartSaga | undefined): Tx {
  const { buffer } = parts;
  const inside: TxInside = {
    ...parts,
    later: (text, values, name) => void later.push(name === undefined ? { text, values } : { text, values, name }),
  };
  const tx: Tx = {
    db: parts.db,
    emit: (event, data) => buffer.emit(event, data),
    send: (command, data) => buffer.send(command, data),
    schedule: (name, when, message, data) => buffer.schedule(name, when, message, data),
    unschedule: (name) => buffer.unschedule(name),
    start(saga, input) {
      if (startSaga === undefined) {
        throw postgresErrors.SAGA_UNAVAILABLE(
          `the saga "${saga.name}" cannot be started: the service lists no sagas, add it under \`sagas\``,
          { details: { saga: saga.name } },
        );
      }
      startSaga(inside, saga as StartableSaga<unknown>, input);
    },
  };
  insides.set(tx, inside);
  return tx;
}
