import type { Schema } from '@dure/core';
import type { CommandType, EventType, RefusalSpecs } from '@dure/messaging';
import type { Decision } from './decider.ts';
import type { Saga } from './saga.ts';
import type { SagaOptions, StepStatus, StepTiming, Unrefusable } from './saga-draft.ts';

/** What a process manager is, apart from what it sends, hears and decides. */
export interface ProcessOptions<S extends Schema<unknown, unknown>> extends Omit<SagaOptions<S>, 'deadlineMs'> {
  /** The longest time until it has ended, in milliseconds; then it turns back. Default: none. */
  readonly deadlineMs?: number;
}

/** What its functions know of a process. */
export interface ProcessContext<Input> {
  /** The process's id. */
  readonly id: string;
  readonly input: Input;
}

/** What is known of one command of several of the same name. */
export interface CommandContext<Input, Data> extends ProcessContext<Input> {
  /** What it was sent with. */
  readonly item: Data;
  /** Counts from 0. */
  readonly index: number;
}

/** How a command of a process manager is sent, and how it is taken back. */
export interface CommandOptions<Input, Data, Output> extends StepTiming {
  /** Attempts without an answer after which the decider hears that it is `unanswered`. Default 3. */
  readonly attempts?: number;
  /** Asked before that: whether it was done. */
  readonly status?: Unrefusable<CommandContext<Input, Data>, StepStatus<Output>>;
  /**
   * Sent for each that was done, or may have been, the latest first, when the process turns back; and when it completes, for those that
   * nobody answered. Default: they stay.
   */
  readonly undo?: Unrefusable<CommandContext<Input, Data> & { readonly result: Output | undefined }>;
}

/** What the decider may hear of a command. */
export type CommandHappened<Name, Data, Output, Refuses> =
  | {
      readonly what: 'done';
      readonly step: Name;
      readonly index: number;
      readonly data: Data;
      readonly result: Output;
    }
  | {
      [Code in keyof Refuses & string]: {
        readonly what: 'refused';
        readonly step: Name;
        readonly index: number;
        readonly data: Data;
        readonly code: Code;
        readonly refusal: Refuses[Code] extends { readonly data: Schema<unknown, infer Of> } ? Of : never;
      };
    }[keyof Refuses & string]
  | { readonly what: 'unanswered'; readonly step: Name; readonly index: number; readonly data: Data };

/** What it may hear of local work. */
export type LocalHappened<Name, Data, Output> =
  | {
      readonly what: 'done';
      readonly step: Name;
      readonly index: number;
      readonly data: Data;
      readonly result: Output;
    }
  | {
      readonly what: 'refused';
      readonly step: Name;
      readonly index: number;
      readonly data: Data;
      readonly code: string;
      readonly refusal: unknown;
    };

/** What `decide` is given: what it may decide, as functions, and what it knows. */
export interface Deciding<Input, May extends Allowed> extends ProcessContext<Input> {
  /** When this is decided, epoch milliseconds. */
  readonly now: number;
  /** Sends a command. It is heard of as `done`, `refused` or `unanswered`. */
  send<Name extends keyof May['sends'] & string>(step: Name, data: May['sends'][Name]): Decision;
  /** Does local work in the transaction at hand. It is heard of as `done` or `refused`. */
  run<Name extends keyof May['runs'] & string>(step: Name, data: May['runs'][Name]): Decision;
  /** Sets a timer, or moves it; after so many milliseconds it is heard of as `woke`. */
  wake(timer: May['timers'], afterMs: number): Decision;
  /** Forgets a timer. */
  cancel(timer: May['timers']): Decision;
  /** Ends it as soon as all commands have been answered. Nothing more is heard of. */
  complete(): Decision;
  /** Takes back what was done, as far as it has an `undo`, and ends it. */
  turnBack(code: string, data?: unknown): Decision;
}

/** The three functions of a process manager. All are pure: they may run more than once for the same. */
export interface ProcessDecider<Input, State, Happened, D> {
  /** What it knows at first. A state is plain data: it is kept as JSON. */
  readonly initial: (input: Input) => State;
  /** What it knows after something has happened. */
  readonly evolve: (state: NoInfer<State>, happened: Happened) => NoInfer<State>;
  /** What follows from that, in this order. */
  readonly decide: (state: NoInfer<State>, happened: Happened, c: D) => readonly Decision[];
}

/** What happens when a process has ended, in the transaction that also notes that it has. */
export interface ProcessEnd<Tx, Input, State> {
  readonly completed?: (tx: Tx, c: ProcessContext<Input> & { readonly state: State }) => Promise<void> | void;
  readonly turnedBack?: (
    tx: Tx,
    c: ProcessContext<Input> & { readonly state: State },
    why: WhyTurnedBack,
  ) => Promise<void> | void;
}

/** Why a process turned back: because it decided so, its time was up, or an operator called it off. */
export type WhyTurnedBack =
  | { readonly reason: 'refused'; readonly step: string; readonly code: string; readonly data: unknown }
  | { readonly reason: 'timed-out'; readonly step: string | undefined }
  | { readonly reason: 'called-off'; readonly by: string; readonly text: string };

type Free<Name extends string, Taken> = Name extends Taken | 'state' ? never : Name;
type Named<Name extends string, Data> = { readonly [N in Name]: Data };

/** What a process manager may begin and wait for, by its names: `taken` are all of them. */
export interface Allowed {
  readonly sends: object;
  readonly runs: object;
  readonly timers: string;
  readonly taken: string;
}

/** A process manager that may do nothing yet. */
export interface AllowedNothing extends Allowed {
  readonly sends: Record<never, never>;
  readonly runs: Record<never, never>;
  readonly timers: never;
  readonly taken: never;
}

type With<May extends Allowed, Name extends string, More> = Omit<May, 'taken' | keyof More> &
  More & { readonly taken: May['taken'] | Name };

/** A process manager in the making: what it may send, do, hear and wait for. */
export interface ProcessDraft<Input, Start, Happened, May extends Allowed> {
  /** A command that it may send, as often as it decides to. */
  command<const Name extends string, Data, Output, Refuses extends RefusalSpecs>(
    name: Free<Name, May['taken']>,
    command: CommandType<string, Data, Output, Refuses>,
    options?: CommandOptions<Input, NoInfer<Data>, NoInfer<Output>>,
  ): ProcessDraft<
    Input,
    Start,
    Happened | CommandHappened<Name, Data, Output, Refuses>,
    With<May, Name, { readonly sends: May['sends'] & Named<Name, Data> }>
  >;
  /** Work of this very service that it may do, in the transaction that also writes the process. A refusal is heard of. */
  local<const Name extends string, Data, Output, Tx>(
    name: Free<Name, May['taken']>,
    run: (tx: Tx, c: CommandContext<Input, Data>) => Promise<Output> | Output,
  ): ProcessDraft<
    Input,
    Start,
    Happened | LocalHappened<Name, Data, Output>,
    With<May, Name, { readonly runs: May['runs'] & Named<Name, Data> }>
  >;
  /** An event with this key that it hears from its start to its end, here or elsewhere, each time. */
  event<const Name extends string, Data, In>(
    name: Free<Name, May['taken']>,
    event: EventType<string, Data, In>,
    key: (c: ProcessContext<Input>) => string,
  ): ProcessDraft<
    Input,
    Start,
    Happened | { readonly what: 'heard'; readonly event: Name; readonly data: Data },
    With<May, Name, Record<never, never>>
  >;
  /** A timer that it may set, move and forget. */
  timer<const Name extends string>(
    name: Free<Name, May['taken']>,
  ): ProcessDraft<
    Input,
    Start,
    Happened | { readonly what: 'woke'; readonly timer: Name },
    With<May, Name, { readonly timers: May['timers'] | Name }>
  >;
  /** How it decides. */
  decide<State>(
    decider: ProcessDecider<Input, State, Happened, Deciding<Input, May>>,
  ): DecidedProcess<Input, Start, State>;
}

/** A process manager that wants only its end. */
export interface DecidedProcess<Input, Start, State> {
  /** Ends the definition. `Tx` is inferred from the annotation of `tx`. */
  end<Tx = unknown>(end?: ProcessEnd<Tx, Input, State>): Saga<Start, Tx, { readonly state: State }>;
}
