import type { Clock, Ids } from '@dure/core';
import type { AnySaga, SagaChange } from '@dure/saga';
import { beginSaga, sagaErrors } from '@dure/saga';
import type { StartSaga, TxInside } from '../transaction.ts';
import { savedAs } from './saga-row.ts';

export interface StartSagasOptions {
  /** The sagas that the service lists. */
  readonly definitions: readonly AnySaga[];
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * What `tx.start` does: the instance and its first command are written with the COMMIT. For `openDatabase`'s `startSaga`.
 * SAGA_UNLISTED when the service does not list the saga; SAGA_INPUT_INVALID, SAGA_COMMAND_INVALID.
 *
 * @example
 * const db = openDatabase({ …, startSaga: startSagas({ definitions: [placeOrder], clock, ids }) });
 */
export function startSagas({ definitions, clock, ids }: StartSagasOptions): StartSaga {
  return (inside, saga, input) => {
    const definition = definitions.find((one) => (one as unknown) === saga);
    if (definition === undefined) {
      throw sagaErrors.UNLISTED(`the saga "${saga.name}" is not listed by its service; add it under \`sagas\``, {
        details: { saga: saga.name },
      });
    }
    insertSaga(inside, beginSaga(definition, input, inside.call, { clock, ids }));
  };
}

/** Writes a new instance with the COMMIT. */
export function insertSaga(inside: TxInside, change: SagaChange): void {
  const values: (string | null)[] = savedAs(change, 'all');
  startsOf(inside).push(values);
  inside.later('select dure.begin_saga($1, $2)', values);
  sendCommands(inside, change);
}

/** Puts the commands of a change into the outbox. */
export function sendCommands({ buffer }: TxInside, { instance, commands }: SagaChange): void {
  for (const { step, direction, service, name, key, data } of commands) {
    const saga = { id: instance.id, step, direction };
    buffer.put({ kind: 'command', type: `${service}.${name}`, version: 1, key, destination: service, data, saga });
  }
}

const starts = new WeakMap<TxInside, (string | null)[][]>();

/** The arguments of the starts that wait for the COMMIT of a transaction: a first one of null takes a start back. */
export function startsOf(inside: TxInside): (string | null)[][] {
  let list = starts.get(inside);
  if (list === undefined) {
    list = [];
    starts.set(inside, list);
  }
  return list;
}
