import type { Schema, SchemaOutput } from '@dure/core';
import type { EventType, RefusalSpecs } from '@dure/messaging';
import type { ItemContext, Saga, StepContext, UndoContext } from './saga.ts';
import type { ItemSender, Send } from './send.ts';

/** What a saga is, apart from its steps. */
export interface SagaOptions<S extends Schema<unknown, unknown>> {
  /** What it starts with. Checked at the start: SAGA_INPUT_INVALID. */
  readonly input: S;
  /** Of the unfinished sagas of one name, no two have the same key: SAGA_ALREADY_RUNNING. */
  readonly key: (input: SchemaOutput<S>) => string;
  /** Grows when the steps change; old versions stay listed until their instances have ended. Default 1. */
  readonly version?: number;
  /** The longest time until the pivot is sent, in milliseconds; then the steps are taken back. Default: none. */
  readonly deadlineMs?: number;
  /**
   * The earlier versions whose running instances `dure sagas migrate` may move to this one, each with what becomes of the input:
   * `{ 1: (input) => input }`. Steps are the same by their names. Default: none; instances end by the version they began with.
   */
  readonly migrates?: Readonly<Record<number, (input: never) => unknown>>;
  /**
   * How long it is kept after its end, in milliseconds, with its history; then its id is unknown. The newest version decides for all.
   * Default: what the service's database keeps, 90 days. The configuration of the service may say otherwise.
   */
  readonly keepFinishedMs?: number;
  /**
   * Names of fields that no operator sees, wherever they stand in input, results and data, beside those that the commands it sends
   * declare `sensitive`. Default: none.
   */
  readonly sensitive?: readonly string[];
}

/** How long a step is waited for. */
export interface StepTiming {
  /**
   * The longest wait for an answer, in milliseconds, before the command is sent again; doubles with each attempt, up to
   * a minute. Default 10 000.
   */
  readonly timeoutMs?: number;
}

/** How a step before the pivot is taken back, or why that is not needed. */
export type Undoing<Undo> =
  | { readonly undo: Undo; readonly nothingToUndo?: never }
  | { readonly nothingToUndo: string; readonly undo?: never };

/** What a step before the pivot may say of itself; `Context` is what it knows. */
export type StepOptions<Context, Output> = StepTiming & {
  /** Attempts without an answer after which the outcome counts as unknown and the saga turns back. Default 3. */
  readonly attempts?: number;
  /**
   * Asked when there was no answer: whether it was done. If so the saga goes on; if not, or when nobody knows, it turns back
   * and takes the step back as possibly done, because a command that is on its way may still arrive.
   */
  readonly status?: Unrefusable<Context, StepStatus<Output>>;
} & Undoing<Unrefusable<Context & { readonly result: Output | undefined }>>;

/** Whether a step was done, and what came of it. */
export interface StepStatus<Output> {
  readonly done: boolean;
  readonly result?: Output | undefined;
}

/** A command that declares no refusals: it can only succeed, sooner or later. */
export type Unrefusable<Context, Output = unknown> = Send<Context, Output, Record<never, never>>;

/** The results of steps, by their names. */
export type Result<Name extends string, Output> = { readonly [N in Name]: Output };
/** Names that are not taken yet. */
export type Fresh<Name extends string, Done> = Name extends keyof Done ? never : Name;
/** Why a saga whose steps refuse as in `Refused` took its steps back: codes and data as the contracts declare them. */
export type WhyUndone<Refused> =
  | Refused
  | { readonly reason: 'timed-out'; readonly step: string | undefined }
  | { readonly reason: 'called-off'; readonly by: string; readonly text: string };
/** The refusals of a step by which a saga may turn back. */
export type RefusedBy<Name extends string, Refuses> = {
  [Code in keyof Refuses & string]: {
    readonly reason: 'refused';
    readonly step: Name;
    readonly code: Code;
    readonly data: Refuses[Code] extends { readonly data: Schema<unknown, infer Data> } ? Data : never;
  };
}[keyof Refuses & string];
/** A refusal that no contract declares: of local work, or of a saga that is a step. */
export interface RefusedSomehow<Name extends string> {
  readonly reason: 'refused';
  readonly step: Name;
  readonly code: string;
  readonly data: unknown;
}

/** In place of what a saga starts with: marks the ways of a `when`, which have neither pivot nor end. */
export interface InBranch {
  readonly inBranch: true;
}

/** What a way of a `when` adds. */
type Added<Draft, Done> = Draft extends { readonly types?: { readonly done: infer D } }
  ? Partial<Omit<D, keyof Done>>
  : never;
type RefusedIn<Draft> = Draft extends { readonly types?: { readonly refused: infer R } } ? R : never;
interface DraftTypes<Done, Refused> {
  readonly types?: { readonly done: Done; readonly refused: Refused };
}

/** A wait for an event: for which key, how long, and what then. */
export interface WaitOptions<Context, Otherwise> {
  /** The event's key. */
  readonly key: (context: Context) => string;
  /** The longest wait, in milliseconds. */
  readonly timeoutMs: number;
  /** Take the steps back, or go on without a result. */
  readonly otherwise: Otherwise;
}

/** How a fan-out goes. */
export interface EachOptions {
  /** How many are under way at once. */
  readonly most: number;
}
type SomeSend = Omit<Send<never>, 'types'> & {
  readonly types?: { readonly output: unknown; readonly refuses: unknown };
};
type OutputOf<What> = What extends { readonly types?: { readonly output: infer Output } } ? Output : never;
type RefusesOf<What> = What extends { readonly types?: { readonly refuses: infer Refuses } } ? Refuses : never;

/** Branches that are sent together. `Context` is what each of them knows. */
export interface ParallelDraft<Context, Group extends string, Results, Refused> {
  /** One command more; its result is `done.<group>.<branch>`. */
  branch<const Name extends string, Output, Refuses extends RefusalSpecs>(
    name: Fresh<Name, Results>,
    what: Send<Context, Output, Refuses>,
    options: StepOptions<Context, Output>,
  ): ParallelDraft<Context, Group, Results & Result<Name, Output>, Refused | RefusedBy<`${Group}.${Name}`, Refuses>>;
  readonly types?: { readonly results: Results; readonly refused: Refused };
}

/** The same after the pivot. */
export interface DecidedParallelDraft<Context, Results> {
  branch<const Name extends string, Output>(
    name: Fresh<Name, Results>,
    what: Unrefusable<Context, Output>,
    timing?: StepTiming,
  ): DecidedParallelDraft<Context, Results & Result<Name, Output>>;
  readonly types?: { readonly results: Results };
}

/** A saga before its pivot: every step says how it is taken back. */
export interface SagaDraft<Input, Done, Refused, Start> extends DraftTypes<Done, Refused> {
  /**
   * A step that can be taken back. A refusal takes back what was done before; no answer takes back this step as well,
   * as possibly done.
   */
  step<const Name extends string, Output, Refuses extends RefusalSpecs>(
    name: Fresh<Name, Done>,
    what: Send<StepContext<Input, Done>, Output, Refuses>,
    options: StepOptions<StepContext<Input, Done>, Output>,
  ): SagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedBy<Name, Refuses>, Start>;
  /**
   * Branches that are sent together; the saga goes on when all have succeeded. When one is refused the others are waited for,
   * and then taken back, too, side by side.
   */
  parallel<const Name extends string, Results, R>(
    name: Fresh<Name, Done>,
    branches: (
      group: ParallelDraft<StepContext<Input, Done>, Name, Record<never, never>, never>,
    ) => ParallelDraft<StepContext<Input, Done>, Name, Results, R>,
  ): SagaDraft<Input, Done & Result<Name, Results>, Refused | R, Start>;
  /**
   * The same command for each of several items, at most `most` at once. `join` says how many must succeed: `'all'` (the
   * default), `'any'` or a number. Its result is an array in the order of the items.
   */
  each<const Name extends string, Item, What extends SomeSend, const Join extends 'all' | 'any' | number = 'all'>(
    name: Fresh<Name, Done>,
    items: (context: StepContext<Input, Done>) => readonly Item[],
    what: (one: ItemSender<ItemContext<Input, Done, Item>>) => What,
    options: EachOptions & { readonly join?: Join } & StepOptions<ItemContext<Input, Done, Item>, OutputOf<What>>,
  ): SagaDraft<
    Input,
    Done & Result<Name, readonly ('all' extends Join ? OutputOf<What> : OutputOf<What> | undefined)[]>,
    Refused | RefusedBy<`${Name}.${number}`, RefusesOf<What>>,
    Start
  >;
  /** One of two ways. What they do is optional from there on; `done.<name>` says which it was. */
  when<const Name extends string, Then, Otherwise = never>(
    name: Fresh<Name, Done>,
    condition: (context: StepContext<Input, Done>) => boolean,
    then: (way: SagaDraft<Input, Done, never, InBranch>) => Then,
    otherwise?: (way: SagaDraft<Input, Done, never, InBranch>) => Otherwise,
  ): SagaDraft<
    Input,
    Done &
      Result<Name, boolean> &
      Added<Then, Done> &
      ([Added<Otherwise, Done>] extends [never] ? unknown : Added<Otherwise, Done>),
    Refused | RefusedIn<Then> | RefusedIn<Otherwise>,
    Start
  >;
  /** Work of this very service, in the transaction that also writes the saga. What it throws takes it back; a refusal turns the saga back. */
  local<const Name extends string, Output, Tx>(
    name: Fresh<Name, Done>,
    run: (tx: Tx, context: StepContext<Input, Done>) => Promise<Output> | Output,
    options: Undoing<(tx: Tx, context: UndoContext<Input, Done, Output>) => Promise<void> | void>,
  ): SagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedSomehow<Name>, Start>;
  /** Waits until an event with this key happens, here or elsewhere; one that has come since the saga began counts. */
  wait<const Name extends string, Data, In, Otherwise extends 'turn-back' | 'go-on'>(
    name: Fresh<Name, Done>,
    event: EventType<string, Data, In>,
    options: WaitOptions<StepContext<Input, Done>, Otherwise>,
  ): SagaDraft<Input, Done & Result<Name, Otherwise extends 'go-on' ? Data | null : Data>, Refused, Start>;
  /** Waits for some time, in milliseconds. */
  sleep<const Name extends string>(
    name: Fresh<Name, Done>,
    ms: number,
  ): SagaDraft<Input, Done & Result<Name, null>, Refused, Start>;
  /** Another saga of this service as a step. It keeps its own deadline, and this one's waits for it. Its results are the step's. */
  sub<const Name extends string, I, Output>(
    name: Fresh<Name, Done>,
    saga: Saga<I, never, Output>,
    input: (context: StepContext<Input, Done>) => I,
    options: StepTiming & Undoing<Unrefusable<UndoContext<Input, Done, Output>>>,
  ): SagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedSomehow<Name>, Start>;
  /**
   * The step that decides: when it is refused, everything before is taken back; once it is done, nothing is. Without an
   * answer it is sent again, for ever.
   */
  pivot<const Name extends string, Output, Refuses extends RefusalSpecs>(
    name: Start extends InBranch ? never : Fresh<Name, Done>,
    what: Send<StepContext<Input, Done>, Output, Refuses>,
    timing?: StepTiming,
  ): DecidedSagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedBy<Name, Refuses>, Start>;
  /** Ends the definition. `Tx` is inferred from the annotation of `tx`. */
  end<Tx = unknown>(end?: EndHooks<Tx, Input, Done, Refused>): Saga<Start, Tx, Done>;
}

/** A saga after its pivot: only commands that cannot be refused. */
export interface DecidedSagaDraft<Input, Done, Refused, Start> extends DraftTypes<Done, Refused> {
  /** A step that is repeated until it succeeds. A command that declares refusals does not compile here. */
  step<const Name extends string, Output>(
    name: Fresh<Name, Done>,
    what: Unrefusable<StepContext<Input, Done>, Output>,
    timing?: StepTiming,
  ): DecidedSagaDraft<Input, Done & Result<Name, Output>, Refused, Start>;
  /** Branches that are sent together; the saga goes on when all have succeeded. */
  parallel<const Name extends string, Results>(
    name: Fresh<Name, Done>,
    branches: (
      group: DecidedParallelDraft<StepContext<Input, Done>, Record<never, never>>,
    ) => DecidedParallelDraft<StepContext<Input, Done>, Results>,
  ): DecidedSagaDraft<Input, Done & Result<Name, Results>, Refused, Start>;
  /** The same command for each of several items, at most `most` at once. */
  each<const Name extends string, Item, Output>(
    name: Fresh<Name, Done>,
    items: (context: StepContext<Input, Done>) => readonly Item[],
    what: (one: ItemSender<ItemContext<Input, Done, Item>>) => Unrefusable<ItemContext<Input, Done, Item>, Output>,
    options: EachOptions & StepTiming,
  ): DecidedSagaDraft<Input, Done & Result<Name, readonly Output[]>, Refused, Start>;
  /** One of two ways. */
  when<const Name extends string, Then, Otherwise = never>(
    name: Fresh<Name, Done>,
    condition: (context: StepContext<Input, Done>) => boolean,
    then: (way: DecidedSagaDraft<Input, Done, never, InBranch>) => Then,
    otherwise?: (way: DecidedSagaDraft<Input, Done, never, InBranch>) => Otherwise,
  ): DecidedSagaDraft<
    Input,
    Done &
      Result<Name, boolean> &
      Added<Then, Done> &
      ([Added<Otherwise, Done>] extends [never] ? unknown : Added<Otherwise, Done>),
    Refused,
    Start
  >;
  /** Work of this very service, in the transaction that also writes the saga; repeated until it succeeds. */
  local<const Name extends string, Output, Tx>(
    name: Fresh<Name, Done>,
    run: (tx: Tx, context: StepContext<Input, Done>) => Promise<Output> | Output,
  ): DecidedSagaDraft<Input, Done & Result<Name, Output>, Refused, Start>;
  /** Waits until an event with this key happens, or goes on without it. */
  wait<const Name extends string, Data, In>(
    name: Fresh<Name, Done>,
    event: EventType<string, Data, In>,
    options: WaitOptions<StepContext<Input, Done>, 'go-on'>,
  ): DecidedSagaDraft<Input, Done & Result<Name, Data | null>, Refused, Start>;
  /** Waits for some time, in milliseconds. */
  sleep<const Name extends string>(
    name: Fresh<Name, Done>,
    ms: number,
  ): DecidedSagaDraft<Input, Done & Result<Name, null>, Refused, Start>;
  /** Ends the definition. `Tx` is inferred from the annotation of `tx`. */
  end<Tx = unknown>(end?: EndHooks<Tx, Input, Done, Refused>): Saga<Start, Tx, Done>;
}

/**
 * What happens when a saga has ended, in the transaction that also notes that it has: set the order's state, emit an
 * event. When a hook throws, what it did is rolled back and it runs again later.
 */
export interface EndHooks<Tx, Input, Done, Refused> {
  readonly completed?: (tx: Tx, context: StepContext<Input, Done>) => Promise<void> | void;
  readonly compensated?: (
    tx: Tx,
    context: StepContext<Input, Partial<Done>>,
    why: WhyUndone<Refused>,
  ) => Promise<void> | void;
}
