import type { Schema, SchemaInput, SchemaOutput } from '@dure/core';
import type { RefusalSpecs } from '@dure/messaging';
import { sagaErrors } from './errors.ts';
import type { Saga, SagaEnd, SagaStep, StepContext, UndoContext } from './saga.ts';
import type { Send } from './send.ts';

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
export type StepOptions<Input, Done, Output> = StepTiming & {
  /** Attempts without an answer after which the outcome counts as unknown and the saga turns back. Default 3. */
  readonly attempts?: number;
} & (
    | { readonly undo: Unrefusable<UndoContext<Input, Done, Output>>; readonly nothingToUndo?: never }
    | { readonly nothingToUndo: string; readonly undo?: never }
  );

/** A command that declares no refusals: it can only succeed, sooner or later. */
export type Unrefusable<Context, Output = unknown> = Send<Context, Output, Record<never, never>>;

/** The results of steps, by their names. */
type Result<Name extends string, Output> = { readonly [N in Name]: Output };
/** Names that are not taken yet. */
type Fresh<Name extends string, Done> = Name extends keyof Done ? never : Name;
/** Why a saga whose steps refuse as in `Refused` took its steps back: codes and data as the contracts declare them. */
export type WhyUndone<Refused> = Refused | { readonly reason: 'timed-out'; readonly step: string | undefined };
type RefusedBy<Name extends string, Refuses> = {
  [Code in keyof Refuses & string]: {
    readonly reason: 'refused';
    readonly step: Name;
    readonly code: Code;
    readonly data: Refuses[Code] extends { readonly data: Schema<unknown, infer Data> } ? Data : never;
  };
}[keyof Refuses & string];

/** A saga before its pivot: every step says how it is taken back. */
export interface SagaDraft<Input, Done, Refused, Start> {
  /**
   * A step that can be taken back. A refusal takes back what was done before; no answer takes back this step as well,
   * as possibly done.
   */
  step<const Name extends string, Output, Refuses extends RefusalSpecs>(
    name: Fresh<Name, Done>,
    what: Send<StepContext<Input, Done>, Output, Refuses>,
    options: StepOptions<Input, Done, Output>,
  ): SagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedBy<Name, Refuses>, Start>;
  /**
   * The step that decides: when it is refused, everything before is taken back; once it is done, nothing is. Without an
   * answer it is sent again, for ever.
   */
  pivot<const Name extends string, Output, Refuses extends RefusalSpecs>(
    name: Fresh<Name, Done>,
    what: Send<StepContext<Input, Done>, Output, Refuses>,
    timing?: StepTiming,
  ): DecidedSagaDraft<Input, Done & Result<Name, Output>, Refused | RefusedBy<Name, Refuses>, Start>;
  /** Ends the definition. `Tx` is inferred from the annotation of `tx`. */
  end<Tx = unknown>(end?: EndHooks<Tx, Input, Done, Refused>): Saga<Start, Tx>;
}

/** A saga after its pivot: only commands that cannot be refused. */
export interface DecidedSagaDraft<Input, Done, Refused, Start> {
  /** A step that is repeated until it succeeds. A command that declares refusals does not compile here. */
  step<const Name extends string, Output>(
    name: Fresh<Name, Done>,
    what: Unrefusable<StepContext<Input, Done>, Output>,
    timing?: StepTiming,
  ): DecidedSagaDraft<Input, Done & Result<Name, Output>, Refused, Start>;
  /** Ends the definition. `Tx` is inferred from the annotation of `tx`. */
  end<Tx = unknown>(end?: EndHooks<Tx, Input, Done, Refused>): Saga<Start, Tx>;
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

/**
 * Defines a saga: steps in order, each a command to another service. SAGA_DEFINITION_INVALID when a name or a number
 * makes no sense.
 *
 * @example
 * export const placeOrder = saga('place-order', { input: Checkout, key: (d) => d.orderId })
 *   .step('reserve', send(inventory.commands.reserve, (c) => ({ orderId: c.input.orderId, lines: c.input.lines })), {
 *     undo: send(inventory.commands.release, (c) => ({ orderId: c.input.orderId })),
 *   })
 *   .pivot('capture', send(payment.commands.capture, (c) => ({ orderId: c.input.orderId })))
 *   .step('ship', send(delivery.commands.ship, (c) => ({ orderId: c.input.orderId })))
 *   .end({
 *     completed: (tx: Tx<Tables>, c) => orders(tx).confirm(c.input.orderId, c.done.ship.shipmentId),
 *     compensated: (tx: Tx<Tables>, c, why) => orders(tx).reject(c.input.orderId, why),
 *   });
 */
export function saga<S extends Schema<unknown, unknown>>(
  name: string,
  options: SagaOptions<S>,
): SagaDraft<SchemaOutput<S>, Record<never, never>, never, SchemaInput<S>> {
  checkName('saga', name, name);
  const head: SagaHead = { name, version: 1, ...options, key: options.key as SagaHead['key'] };
  checkNumber(name, 'version', head.version, 1);
  if (head.deadlineMs !== undefined) checkNumber(name, 'deadlineMs', head.deadlineMs, 1);
  return draft(head, []) as unknown as SagaDraft<SchemaOutput<S>, Record<never, never>, never, SchemaInput<S>>;
}

interface SagaHead extends Omit<SagaOptions<Schema<unknown, unknown>>, 'key'> {
  readonly name: string;
  readonly version: number;
  readonly key: (input: never) => string;
}

const defaultTimeoutMs = 10_000;
const defaultAttempts = 3;

function draft(head: SagaHead, steps: readonly SagaStep[]) {
  const decided = steps.some((step) => step.kind === 'pivot');
  const add = (name: string, kind: SagaStep['kind'], what: Send<StepContext>, options: Partial<SagaStep> = {}) => {
    checkName('step', name, `${head.name}.${name}`);
    if (steps.some((step) => step.name === name)) {
      throw sagaErrors.DEFINITION_INVALID(`the saga "${head.name}" has two steps called "${name}"; rename one`);
    }
    const { undo, nothingToUndo, timeoutMs = defaultTimeoutMs, attempts = defaultAttempts } = options;
    checkNumber(`${head.name}.${name}`, 'timeoutMs', timeoutMs, 1);
    checkNumber(`${head.name}.${name}`, 'attempts', attempts, 1);
    return draft(head, [...steps, { name, kind, do: what, undo, nothingToUndo, timeoutMs, attempts }]);
  };
  return {
    step: (name: string, what: Send<StepContext>, options?: Partial<SagaStep>): unknown =>
      add(name, decided ? 'retriable' : 'compensatable', what, options),
    pivot: (name: string, what: Send<StepContext>, options?: Partial<SagaStep>): unknown =>
      add(name, 'pivot', what, options),
    end: (end: Partial<SagaEnd> = {}) => finish(head, steps, end),
  };
}

function finish(head: SagaHead, steps: readonly SagaStep[], end: Partial<SagaEnd>): Saga {
  if (steps.length === 0) {
    throw sagaErrors.DEFINITION_INVALID(`the saga "${head.name}" has no steps; add at least one before end()`);
  }
  const commands = steps.flatMap((step) => (step.undo === undefined ? [step.do] : [step.do, step.undo]));
  const sends = new Map(commands.map(({ command: { service, name } }) => [`${service}.${name}`, { service, name }]));
  return {
    kind: 'saga',
    name: head.name,
    version: head.version,
    shape: steps.map(shapeOf).join(' '),
    sends: [...sends.values()],
    input: head.input,
    key: head.key,
    deadlineMs: head.deadlineMs,
    steps,
    end: { completed: end.completed, compensated: end.compensated },
  };
}

function shapeOf({ name, kind, do: what, undo }: SagaStep): string {
  const label = (sent: { readonly command: { readonly service: string; readonly name: string } }) =>
    `${sent.command.service}.${sent.command.name}`;
  return `${name}:${kind}:${label(what)}${undo === undefined ? '' : `/${label(undo)}`}`;
}

function checkName(what: string, name: string, shown: string): void {
  if (/^[a-z][a-zA-Z0-9-]{0,62}$/.test(name)) return;
  throw sagaErrors.DEFINITION_INVALID(
    `the ${what} name "${shown}" is not a name: a lower-case letter, then letters, digits or hyphens, at most 63`,
  );
}

function checkNumber(where: string, option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw sagaErrors.DEFINITION_INVALID(`${where}: \`${option}\` is ${value}, but must be a whole number from ${least}`);
}
