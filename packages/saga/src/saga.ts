import type { Schema } from '@dure/core';
import type { Send } from './send.ts';

/** What a saga knows when it builds a command: its input and the results of the steps that are done. */
export interface StepContext<Input = unknown, Done = unknown> {
  /** The saga's id. */
  readonly id: string;
  readonly input: Input;
  readonly done: Done;
}

/** What it knows when it takes a step back. */
export interface UndoContext<Input = unknown, Done = unknown, Output = unknown> extends StepContext<Input, Done> {
  /** What the step had answered; undefined when it never answered, so that it is undone as *possibly* done. */
  readonly result: Output | undefined;
}

/** Why a saga took its steps back. */
export type SagaFailure =
  | {
      readonly reason: 'refused';
      readonly step: string;
      /** The refusal's code, as the command's contract declares it. */
      readonly code: string;
      readonly data: unknown;
    }
  | {
      readonly reason: 'timed-out';
      /** The step that had not answered, if one was under way when the time was up. */
      readonly step: string | undefined;
    };

/** One step as data. */
export interface SagaStep {
  readonly name: string;
  /** Before the pivot a step can be taken back; the pivot decides; after it a step is repeated until it succeeds. */
  readonly kind: 'compensatable' | 'pivot' | 'retriable';
  readonly do: Send<StepContext>;
  readonly undo: Send<UndoContext> | undefined;
  readonly nothingToUndo: string | undefined;
  readonly timeoutMs: number;
  /** How often a step before the pivot is sent until its outcome counts as unknown. */
  readonly attempts: number;
}

/** What happens in the engine's transaction when a saga ends. */
export interface SagaEnd<Tx = never> {
  readonly completed: ((tx: Tx, context: StepContext) => Promise<void> | void) | undefined;
  readonly compensated: ((tx: Tx, context: StepContext, why: SagaFailure) => Promise<void> | void) | undefined;
}

/** A saga, defined: what `tx.start` begins and a service lists under `sagas`. */
export interface Saga<Input = never, Tx = never> {
  readonly kind: 'saga';
  readonly name: string;
  readonly version: number;
  /** Describes its shape: names, kinds and commands of the steps. Instances are pinned to version and shape. */
  readonly shape: string;
  /** The commands it sends, by which the host knows whose replies to pull. */
  readonly sends: readonly { readonly service: string; readonly name: string }[];
  readonly input: Schema<unknown, unknown>;
  readonly key: (input: never) => string;
  readonly deadlineMs: number | undefined;
  readonly steps: readonly SagaStep[];
  readonly end: SagaEnd<Tx>;
  /** Carries types only. */
  readonly types?: { readonly input: Input };
}

/** Any saga, where its types do not matter. */
export type AnySaga = Omit<Saga, 'end' | 'types'> & { readonly end: SagaEnd };
