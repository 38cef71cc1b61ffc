import type { Schema } from '@dure/core';
import type { AnyEvent, EventType } from '@dure/messaging';
import { eventSourcingErrors } from './errors.ts';
import type { Fact } from './fact.ts';

/** A decision that was refused: a business answer, thrown as core's `Refusal` by the repository. */
export interface Refused<Code extends string = string> {
  readonly kind: 'refused';
  readonly code: Code;
  readonly data: unknown;
  readonly status: number;
}

/** What a refusal says; a command's `refuses` fit as they are. */
export type DecisionRefusals = Readonly<
  Record<string, { readonly data: Schema<unknown, unknown>; readonly status?: number }>
>;

/** What can be decided on: a command's contract value, or a name and a schema of one's own. */
export interface Decidable<Name extends string, Input, Refuses extends DecisionRefusals> {
  readonly name: Name;
  readonly input: Schema<unknown, Input>;
  readonly refuses?: Refuses;
}

type DataOf<Refusal> = Refusal extends { readonly data: Schema<unknown, infer Data> } ? Data : never;

/** The declared refusals, by their codes. */
export type Fail<Refuses> = {
  readonly [Code in keyof Refuses & string]: (data: DataOf<Refuses[Code]>) => Refused<Code>;
};

/** What a decision says: facts of events that the aggregate knows, or a declared refusal. No facts: nothing to do. */
export type Outcome<Known extends string> = Fact<Known> | readonly Fact<Known>[] | Refused;

/** What an aggregate is, apart from its events and decisions. */
export interface AggregateOptions<Id extends string, State> {
  /** The field of every decision's input that names the instance. */
  readonly id: Id;
  /** The state before the first event. */
  readonly initial: () => State;
  /** Grows when the state's shape or an evolution changes, so that older snapshots are not used. Default 1. */
  readonly version?: number;
  /** After how many events the state is kept, so that they need not be read again. Default: never. */
  readonly snapshotEvery?: number;
}

/** A thing whose state is the sum of what has happened to it. A value: each `on` and `handle` makes another. */
export interface Aggregate<Id extends string, State, Known extends string, Decisions> {
  readonly kind: 'aggregate';
  readonly name: string;
  readonly id: Id;
  readonly initial: () => State;
  readonly version: number;
  readonly snapshotEvery: number | undefined;
  /** By the names of events. */
  readonly evolutions: ReadonlyMap<string, Evolution>;
  /** By the names of decisions. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** For the compiler only. */
  readonly types?: { readonly known: Known; readonly decisions: Decisions };
  /** What an event makes of the state. Total and pure: what has happened cannot be refused any more. */
  on<Name extends string, Data, Input>(
    event: EventType<Name, Data, Input>,
    evolve: (state: State, data: Data) => State,
  ): Aggregate<Id, State, Known | Name, Decisions>;
  /**
   * What is decided in a state: the facts, or a refusal. Pure, because it runs again after a conflict. Only facts of events
   * that have an `on` compile.
   */
  handle<
    const Name extends string,
    Input extends Readonly<Record<Id, string>>,
    Refuses extends DecisionRefusals = Record<never, never>,
  >(
    decision: Decidable<Name, Input, Refuses>,
    decide: (input: Input, state: State, fail: Fail<Refuses>) => Outcome<Known>,
  ): Aggregate<Id, State, Known, Decisions & { readonly [N in Name]: Input }>;
  handle<const Name extends string, Input extends Readonly<Record<Id, string>>>(
    decision: Name,
    decide: (input: Input, state: State) => Fact<Known> | readonly Fact<Known>[],
  ): Aggregate<Id, State, Known, Decisions & { readonly [N in Name]: Input }>;
}

/** Any aggregate, where its types do not matter. */
export interface AnyAggregate {
  readonly name: string;
  readonly id: string;
  readonly initial: () => unknown;
  readonly version: number;
  readonly snapshotEvery: number | undefined;
  readonly evolutions: ReadonlyMap<string, Evolution>;
  readonly decisions: ReadonlyMap<string, Decision>;
}

/** One `on`. */
export interface Evolution {
  readonly event: AnyEvent;
  readonly evolve: (state: never, data: never) => unknown;
}

/** One `handle`. */
export interface Decision {
  readonly decide: (input: never, state: never, fail: never) => Outcome<string>;
  readonly fail: Readonly<Record<string, (data: unknown) => Refused>>;
}

/**
 * Defines an aggregate. EVENT_SOURCING_DEFINITION_INVALID when a name or a number makes no sense, or comes twice.
 *
 * @example
 * export const stock = aggregate('stock', { id: 'sku', initial: (): Stock => ({ available: 0 }) })
 *   .on(supplied, (state, { quantity }) => ({ available: state.available + quantity }))
 *   .handle('supply', (input: Line) => fact(supplied, input));
 */
export function aggregate<const Id extends string, State>(
  name: string,
  options: AggregateOptions<Id, State>,
): Aggregate<Id, State, never, Record<never, never>> {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    throw eventSourcingErrors.DEFINITION_INVALID(
      `the aggregate name "${name}" is not a name: a lower-case letter, then letters, digits or hyphens, at most 63`,
    );
  }
  const { id, initial, version = 1, snapshotEvery } = options;
  checkNumber(name, 'version', version);
  if (snapshotEvery !== undefined) checkNumber(name, 'snapshotEvery', snapshotEvery);
  const head = { kind: 'aggregate', name, id, initial, version, snapshotEvery } as const;
  return built(head, new Map(), new Map()) as unknown as Aggregate<Id, State, never, Record<never, never>>;
}

type Head = Omit<AnyAggregate, 'evolutions' | 'decisions'>;

function built(head: Head, evolutions: ReadonlyMap<string, Evolution>, decisions: ReadonlyMap<string, Decision>) {
  const value: object = {
    ...head,
    evolutions,
    decisions,
    on: (event: AnyEvent, evolve: Evolution['evolve']) =>
      built(head, added(head.name, evolutions, event.name, { event, evolve }), decisions),
    handle: (what: string | Decidable<string, unknown, DecisionRefusals>, decide: Decision['decide']) => {
      const { name, refuses = {} } = typeof what === 'string' ? { name: what } : what;
      return built(head, evolutions, added(head.name, decisions, name, { decide, fail: failsOf(refuses) }));
    },
  };
  return value;
}

function added<T>(owner: string, map: ReadonlyMap<string, T>, name: string, value: T): ReadonlyMap<string, T> {
  if (map.has(name)) {
    throw eventSourcingErrors.DEFINITION_INVALID(`the aggregate "${owner}" has "${name}" twice; remove one`);
  }
  return new Map([...map, [name, value]]);
}

function failsOf(refuses: DecisionRefusals): Decision['fail'] {
  return Object.fromEntries(
    Object.entries(refuses).map(([code, { status = 409 }]) => [
      code,
      (data: unknown): Refused => ({ kind: 'refused', code, data, status }),
    ]),
  );
}

function checkNumber(name: string, option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw eventSourcingErrors.DEFINITION_INVALID(
    `the aggregate "${name}": \`${option}\` is ${value}, but must be a whole number from 1`,
  );
}

/** The stream in which the events of one instance stand: `stock:tea-green`. */
export function streamOf(definition: Pick<AnyAggregate, 'name'>, id: string): string {
  return `${definition.name}:${id}`;
}
