import type { AnySaga, SagaFailure } from './saga.ts';

/** How far one step of an instance has come. */
export type StepRecord =
  | { readonly step: string; readonly state: 'sent'; readonly attempts: number; readonly dueAt: number }
  | { readonly step: string; readonly state: 'done'; readonly result: unknown }
  | { readonly step: string; readonly state: 'refused'; readonly code: string; readonly data: unknown }
  /** Nobody answered; it may have been done. */
  | { readonly step: string; readonly state: 'unknown' }
  | {
      readonly step: string;
      readonly state: 'undoing';
      readonly attempts: number;
      readonly dueAt: number;
      readonly result?: unknown;
    }
  | { readonly step: string; readonly state: 'undone'; readonly result?: unknown }
  /** It stays, because its definition says that there is nothing to undo. */
  | { readonly step: string; readonly state: 'kept'; readonly result?: unknown };

/** What is being tried at the end of an instance. */
export interface Ending {
  readonly attempts: number;
  readonly dueAt: number;
}

/** One run of a saga: plain data, changed by `advance` alone. Times are epoch milliseconds. */
export interface SagaInstance {
  readonly id: string;
  readonly saga: string;
  readonly version: number;
  readonly shape: string;
  readonly key: string;
  readonly input: unknown;
  readonly phase: 'forward' | 'backward';
  /** `ending`: all steps are settled and the hook is to run. `stuck`: it waits for an operator or a late answer. */
  readonly status: 'open' | 'ending' | 'stuck' | 'finished';
  /** In the order in which they were first sent. */
  readonly steps: readonly StepRecord[];
  /** Why it turned back. */
  readonly why?: SagaFailure;
  /** Why it is stuck. */
  readonly problem?: string;
  readonly ending?: Ending;
  /** Gone once the pivot has been sent: from there only forward. */
  readonly deadlineAt?: number;
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** The trace and the flow of the call that started it. */
  readonly traceparent: string;
  readonly correlation: string;
}

/** What an operator sees. */
export type SagaState = 'running' | 'compensating' | 'completed' | 'compensated' | 'needs-operator';

/** The state of an instance in one word. */
export function stateOf({ status, phase }: Pick<SagaInstance, 'status' | 'phase'>): SagaState {
  if (status === 'stuck') return 'needs-operator';
  if (status === 'finished') return phase === 'forward' ? 'completed' : 'compensated';
  return phase === 'forward' ? 'running' : 'compensating';
}

/** When something is to happen to an instance if nothing happens before; undefined when it only waits or has ended. */
export function dueAt(instance: SagaInstance): number | undefined {
  if (instance.status === 'stuck' || instance.status === 'finished') return undefined;
  const dues = instance.steps.flatMap((record) => ('dueAt' in record ? [record.dueAt] : []));
  if (instance.status === 'ending' && instance.ending !== undefined) dues.push(instance.ending.dueAt);
  if (instance.phase === 'forward' && instance.deadlineAt !== undefined) dues.push(instance.deadlineAt);
  return dues.length === 0 ? undefined : Math.min(...dues);
}

/** The results of steps that are known, by name; also of those that were taken back since. */
export function resultsOf({ steps }: Pick<SagaInstance, 'steps'>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(steps.flatMap((record) => ('result' in record ? [[record.step, record.result]] : [])));
}

/** Whether an instance was made by this very definition. */
export function isPinnedTo(instance: Pick<SagaInstance, 'saga' | 'version' | 'shape'>, saga: AnySaga): boolean {
  return instance.saga === saga.name && instance.version === saga.version && instance.shape === saga.shape;
}
