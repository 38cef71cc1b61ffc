import type { Call, Clock, Ids } from '@dure/core';
import { check } from '@dure/core';
import { causeOf } from '@dure/messaging';

import { advance } from './advance.ts';
import type { SagaChange } from './change.ts';
import { sagaErrors } from './errors.ts';
import type { SagaInstance } from './instance.ts';
import type { AnySaga } from './saga.ts';

/**
 * Begins an instance: what is to be written in the transaction of the call that starts it. Pure but for the id.
 * SAGA_INPUT_INVALID, SAGA_COMMAND_INVALID.
 */
export function beginSaga(
  saga: AnySaga,
  input: unknown,
  call: Call,
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  parent?: Pick<SagaInstance, 'id' | 'saga' | 'key'> & { readonly step: string },
): SagaChange {
  const checked = check(saga.input, input, 'input');
  if (!checked.ok) {
    const fields = checked.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
    throw sagaErrors.INPUT_INVALID(`the saga "${saga.name}" cannot start, its input does not fit: ${fields}`, {
      details: { saga: saga.name, errors: checked.errors },
    });
  }
  const now = clock.now();
  const { correlation, traceparent = '' } = causeOf(call);
  const change = advance(
    saga,
    {
      id: ids.uuid(),
      saga: saga.name,
      version: saga.version,
      shape: saga.shape,
      // The key of a step of another saga is not its own: two of one name never stand in each other's way.
      ...(parent === undefined
        ? { key: saga.key(checked.value as never) }
        : { key: `${parent.saga}/${parent.key}/${parent.step}`, parent: { id: parent.id, step: parent.step } }),
      input: checked.value,
      phase: 'forward',
      status: 'open',
      steps: [],
      ...(saga.deadlineMs === undefined ? {} : { deadlineAt: now + saga.deadlineMs }),
      startedAt: now,
      traceparent,
      correlation,
    },
    { kind: 'started' },
    now,
  );
  if (change.instance.status === 'stuck') {
    throw sagaErrors.COMMAND_INVALID(`the saga "${saga.name}" cannot start: ${change.instance.problem}`, {
      details: { saga: saga.name },
    });
  }
  return change;
}
