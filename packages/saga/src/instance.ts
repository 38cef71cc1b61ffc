import type { AnySaga, SagaFailure } from './saga.ts';

/** What a record under way is waiting for. */
interface Waiting {
  readonly step: string;
  readonly attempts: number;
  /** When it is sent again, or looked after, epoch milliseconds; never when somebody else will tell. */
  readonly dueAt?: number;
  /** Why it waits for an operator, or for a late answer. */
  readonly problem?: string;
  /** What is sent in place of what the definition says, because an operator said so. */
  readonly data?: unknown;
}

/** How far one step of an instance has come. `order` counts in which order steps were settled. */
export type StepRecord =
  | (Waiting & {
      readonly state: 'sent';
      readonly waits?: WaitsFor;
      /** How often it was told that somebody else holds what it wants. */
      readonly busy?: number;
    })
  /** Nobody answered in time; whether it was done is being asked. */
  | (Waiting & { readonly state: 'asking' })
  | (Waiting & { readonly state: 'undoing'; readonly result?: unknown; readonly order?: number })
  | { readonly step: string; readonly state: 'done'; readonly result: unknown; readonly order?: number }
  | {
      readonly step: string;
      readonly state: 'refused';
      readonly code: string;
      readonly data: unknown;
      readonly order?: number;
    }
  /** Nobody answered, or only that somebody else holds what it wants; it may have been done, or be done yet. */
  | {
      readonly step: string;
      readonly state: 'unknown';
      readonly refusal?: { readonly code: string; readonly data: unknown };
      readonly order?: number;
    }
  | { readonly step: string; readonly state: 'undone'; readonly result?: unknown; readonly order?: number }
  /** It stays, because its definition says that there is nothing to undo. */
  | { readonly step: string; readonly state: 'kept'; readonly result?: unknown; readonly order?: number }
  /** Which way a branch took, or which items a fan-out has. */
  | { readonly step: string; readonly state: 'chosen'; readonly result: boolean }
  | { readonly step: string; readonly state: 'chosen'; readonly items: readonly unknown[] }
  /** What a decider knows, having heard of all that was settled up to `order`. */
  | {
      readonly step: string;
      readonly state: 'decided';
      readonly order: number;
      readonly result: unknown;
      /** It has decided to end when nothing is under way any more. */
      readonly ends?: true;
    };

/** An event that an instance waits for. */
export interface WaitsFor {
  readonly event: string;
  readonly key: string;
  /** When it gives up, epoch milliseconds. */
  readonly untilMs?: number;
}

/** A step that is under way. */
export type UnderWay = Extract<StepRecord, { readonly state: 'sent' | 'asking' | 'undoing' }>;

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
  readonly status: 'open' | 'ending' | 'stuck' | 'paused' | 'finished';
  /** In the order in which they were first sent. */
  readonly steps: readonly StepRecord[];
  /** Why it turned back. */
  readonly why?: SagaFailure;
  /** Why it is stuck. */
  readonly problem?: string;
  readonly ending?: Ending;
  /** Gone once the pivot has been sent: from there only forward. */
  readonly deadlineAt?: number;
  /** Since when an operator holds it. */
  readonly pausedAt?: number;
  /** The instance of which this one is a step. */
  readonly parent?: { readonly id: string; readonly step: string };
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** The trace and the flow of the call that started it. */
  readonly traceparent: string;
  readonly correlation: string;
}

/** What an operator sees. */
export type SagaState = 'running' | 'compensating' | 'completed' | 'compensated' | 'needs-operator' | 'paused';

/** The state of an instance in one word. */
export function stateOf({ status, phase }: Pick<SagaInstance, 'status' | 'phase'>): SagaState {
  if (status === 'stuck') return 'needs-operator';
  if (status === 'paused') return 'paused';
  if (status === 'finished') return phase === 'forward' ? 'completed' : 'compensated';
  return phase === 'forward' ? 'running' : 'compensating';
}

/** Whether a step waits for something. */
export function isUnderWay(record: StepRecord): record is UnderWay {
  return record.state === 'sent' || record.state === 'asking' || record.state === 'undoing';
}

/** When something is to happen to an instance if nothing happens before; undefined when it only waits or has ended. */
export function dueAt(instance: SagaInstance): number | undefined {
  const { status, phase, ending, deadlineAt } = instance;
  if (status === 'paused' || status === 'finished') return undefined;
  if (status === 'ending') return ending?.dueAt;
  const underWay = instance.steps.filter(isUnderWay);
  // An instance that another release left stuck does not say at which step: nothing of it moves.
  if (status === 'stuck' && !underWay.some(({ problem }) => problem !== undefined)) return undefined;
  const moving = underWay.filter(({ problem }) => problem === undefined);
  const dues = moving.flatMap((record) => (record.dueAt === undefined ? [] : [record.dueAt]));
  if (phase === 'forward' && deadlineAt !== undefined && heedsDeadline(instance)) dues.push(deadlineAt);
  return dues.length === 0 ? undefined : Math.min(...dues);
}

/** A step that nobody can interrupt, a saga of its own, lets the deadline wait; so does one that waits for an operator. */
export function heedsDeadline({ status, steps }: Pick<SagaInstance, 'status' | 'steps'>): boolean {
  return status === 'open' && !steps.some((record) => isUnderWay(record) && isWithAnother(record));
}

function isWithAnother(record: UnderWay): boolean {
  return record.dueAt === undefined && !('waits' in record);
}

/** The results of steps that are known, by name; also of those that were taken back since. */
export function resultsOf({ steps }: Pick<SagaInstance, 'steps'>): Readonly<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const record of steps) {
    if ('items' in record) results[record.step] = record.items.map(() => undefined);
    if (!('result' in record)) continue;
    const [group = '', member] = record.step.split('.', 2);
    if (member === undefined) results[group] = record.result;
    else {
      const members = (results[group] ?? {}) as Record<string, unknown>;
      members[member] = record.result;
      results[group] = members;
    }
  }
  return results;
}

/** The events that an instance waits for at the moment. */
export function waitsOf({ steps, status }: Pick<SagaInstance, 'steps' | 'status'>): readonly WaitsFor[] {
  if (status === 'finished') return [];
  return steps.flatMap((record) => (record.state === 'sent' && record.waits !== undefined ? [record.waits] : []));
}

/** Whether an instance was made by this very definition. */
export function isPinnedTo(instance: Pick<SagaInstance, 'saga' | 'version' | 'shape'>, saga: AnySaga): boolean {
  return instance.saga === saga.name && instance.version === saga.version && instance.shape === saga.shape;
}
