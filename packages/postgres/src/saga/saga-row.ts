import type { Ending, SagaChange, SagaFailure, SagaInstance } from '@dure/saga';
import { dueAt, stateOf, waitsOf } from '@dure/saga';

/** The columns that make up an instance. */
export const sagaColumns =
  'id, name, version, shape, key, phase, status, input, steps, why, problem, ending, deadline_at, traceparent, correlation, started_at, finished_at, paused_at, parent';

/** An instance as `dure.saga` holds it. */
export interface SagaRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly shape: string;
  readonly key: string;
  readonly phase: SagaInstance['phase'];
  readonly status: SagaInstance['status'];
  readonly input: unknown;
  readonly steps: SagaInstance['steps'];
  readonly why: SagaFailure | null;
  readonly problem: string | null;
  readonly ending: Ending | null;
  readonly deadline_at: number | null;
  readonly traceparent: string;
  readonly correlation: string;
  readonly started_at: number;
  readonly finished_at: number | null;
  readonly paused_at: number | null;
  readonly parent: SagaInstance['parent'] | null;
}

/** Reads a row. */
export function instanceOf(row: SagaRow): SagaInstance {
  return {
    id: row.id,
    saga: row.name,
    version: row.version,
    shape: row.shape,
    key: row.key,
    input: row.input,
    phase: row.phase,
    status: row.status,
    steps: row.steps,
    ...(row.why === null ? {} : { why: row.why }),
    ...(row.problem === null ? {} : { problem: row.problem }),
    ...(row.ending === null ? {} : { ending: row.ending }),
    ...(row.deadline_at === null ? {} : { deadlineAt: row.deadline_at }),
    startedAt: row.started_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.paused_at === null ? {} : { pausedAt: row.paused_at }),
    ...(row.parent === null || row.parent === undefined ? {} : { parent: row.parent }),
    traceparent: row.traceparent,
    correlation: row.correlation,
  };
}

/** The arguments of `dure.begin_saga` and `dure.save_saga`. */
export function savedAs(
  { instance, history, migrated = false }: SagaChange,
  part: 'all' | 'changeable',
): [string, string] {
  const { id, saga: name, version, shape, key, input, phase, status, steps, why, problem, ending, parent } = instance;
  const changeable = {
    id,
    state: stateOf(instance),
    phase,
    status,
    steps,
    why,
    problem,
    ending,
    deadline_at: instance.deadlineAt,
    due_at: dueAt(instance),
    finished_at: instance.finishedAt,
    paused_at: instance.pausedAt,
    waits: waitsOf(instance),
  };
  const { startedAt: started_at, traceparent, correlation } = instance;
  const all = { ...changeable, name, version, shape, key, input, started_at, traceparent, correlation, parent };
  return [JSON.stringify(part === 'all' || migrated ? all : changeable), JSON.stringify(history)];
}
