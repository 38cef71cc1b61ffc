import type { Schema } from '@dure/core';
import type { AnyCommand, AnyEvent } from '@dure/messaging';
import type { Decider } from './decider.ts';
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

/** What a step of a fan-out knows besides: which item it is for. */
export interface ItemContext<Input = unknown, Done = unknown, Item = unknown> extends StepContext<Input, Done> {
  readonly item: Item;
  /** Counts from 0. */
  readonly index: number;
}

/** Why a saga took its steps back. */
export type SagaFailure =
  | {
      readonly reason: 'refused';
      /** `capture`, or `hold.stock` in a group. */
      readonly step: string;
      /** The refusal's code, as the command's contract declares it. */
      readonly code: string;
      readonly data: unknown;
    }
  | {
      readonly reason: 'timed-out';
      /** The step that had not answered, if one was under way when the time was up. */
      readonly step: string | undefined;
    }
  /** An operator turned it back. */
  | { readonly reason: 'called-off'; readonly by: string; readonly text: string };

/** Before the pivot a step can be taken back; the pivot decides; after it a step is repeated until it succeeds. */
export type StepKind = 'compensatable' | 'pivot' | 'retriable';

interface Named {
  readonly name: string;
  readonly kind: StepKind;
  readonly nothingToUndo: string | undefined;
}

/** A command to another service. */
export interface SagaStep extends Named {
  readonly node: 'command';
  readonly do: Send<StepContext>;
  readonly undo: Send<UndoContext> | undefined;
  /** Asked when the outcome is unknown. */
  readonly status: Send<StepContext> | undefined;
  readonly timeoutMs: number;
  /** How often a step before the pivot is sent until its outcome counts as unknown. */
  readonly attempts: number;
}

/** Work in the engine's own transaction. */
export interface LocalStep extends Named {
  readonly node: 'local';
  readonly run: (tx: never, context: StepContext) => unknown;
  readonly undo: ((tx: never, context: UndoContext) => unknown) | undefined;
}

/** Waits for an event with a key, or just for some time. */
export interface WaitStep extends Named {
  readonly node: 'wait';
  readonly event: AnyEvent | undefined;
  readonly key: (context: StepContext) => string;
  readonly timeoutMs: number | undefined;
  readonly otherwise: 'turn-back' | 'go-on';
  readonly undo: undefined;
}

/** Another saga of the same service, whose end is this step's answer. */
export interface SubStep extends Named {
  readonly node: 'sub';
  readonly saga: AnySaga;
  readonly data: (context: StepContext) => unknown;
  readonly undo: Send<UndoContext> | undefined;
  readonly timeoutMs: number;
}

/** What has one record in an instance. */
export type SagaLeaf = SagaStep | LocalStep | WaitStep | SubStep;

/** Branches that are sent together; passed when all of them have succeeded. */
export interface ParallelNode {
  readonly node: 'parallel';
  readonly name: string;
  readonly branches: readonly SagaStep[];
}

/** One step for each of several items. */
export interface EachNode {
  readonly node: 'each';
  readonly name: string;
  readonly items: (context: StepContext) => readonly unknown[];
  readonly step: SagaStep;
  /** How many are under way at once. */
  readonly most: number;
  /** How many must succeed. */
  readonly join: 'all' | number;
}

/** One of two ways, chosen once. */
export interface WhenNode {
  readonly node: 'when';
  readonly name: string;
  readonly condition: (context: StepContext) => boolean;
  readonly yes: readonly SagaNode[];
  readonly no: readonly SagaNode[];
}

/** What a process manager begins as often as it decides to: `remind.0`, `remind.1`, … */
export interface RepeatedNode {
  readonly node: 'repeated';
  readonly name: string;
  readonly step: SagaStep | LocalStep | WaitStep;
}

/** A part of a saga, as data. */
export type SagaNode = SagaLeaf | ParallelNode | EachNode | WhenNode | RepeatedNode;

/** What happens in the engine's transaction when a saga ends. */
export interface SagaEnd<Tx = never> {
  readonly completed: ((tx: Tx, context: StepContext) => Promise<void> | void) | undefined;
  readonly compensated: ((tx: Tx, context: StepContext, why: SagaFailure) => Promise<void> | void) | undefined;
}

/** A saga, defined: what `tx.start` begins and a service lists under `sagas`. */
export interface Saga<Input = never, Tx = never, Done = unknown> {
  readonly kind: 'saga';
  readonly name: string;
  readonly version: number;
  /** Describes its shape: names, kinds and commands of the steps. Instances are pinned to version and shape. */
  readonly shape: string;
  /** The commands it sends, by which the host knows whose replies to pull. */
  readonly sends: readonly AnyCommand[];
  /** The events it waits for, by which the host knows which to pull. */
  readonly waits: readonly AnyEvent[];
  /** The services at which its commands claim resources until it ends. */
  readonly claimsAt: readonly string[];
  readonly input: Schema<unknown, unknown>;
  readonly key: (input: never) => string;
  readonly deadlineMs: number | undefined;
  readonly keepFinishedMs: number | undefined;
  /** Names of fields that no operator sees. */
  readonly sensitive: readonly string[];
  /** The earlier versions whose running instances an operator may move to this one, each with what becomes of the input. */
  readonly migrates: Readonly<Record<number, (input: never) => unknown>>;
  readonly nodes: readonly SagaNode[];
  /** Says what comes next, in place of the order of the nodes. */
  readonly decider: Decider | undefined;
  readonly end: SagaEnd<Tx>;
  /** Carries types only. */
  readonly types?: { readonly input: Input; readonly done: Done };
}

/** Any saga, where its types do not matter. */
export type AnySaga = Omit<Saga, 'end' | 'types'> & { readonly end: SagaEnd };
