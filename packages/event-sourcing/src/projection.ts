import type { Schema, SchemaOutput } from '@dure/core';
import type { AnyEvent, EventType } from '@dure/messaging';
import { eventSourcingErrors } from './errors.ts';
import type { Column } from './projection-columns.ts';
import { columnsOf } from './projection-columns.ts';

/**
 * When a projection is brought up to date: with the COMMIT of the event, soon after it by a follower, or by folding the
 * events whenever it is read.
 */
export type ProjectionMode = 'inline' | 'async' | 'live';

/** What a projection is, apart from what it does with events. */
export interface ProjectionOptions<Id extends string, S extends Schema<unknown, unknown>> {
  /** Grows when a fold or the row changes: a table of its own is then built beside the present one. Default 1. */
  readonly version?: number;
  readonly mode: ProjectionMode;
  /** The field that names the row; a text. */
  readonly id: Id;
  /** The row: flat fields become columns, objects and lists JSON. */
  readonly row: S;
  /** Fields that are searched by. */
  readonly indexes?: readonly (keyof SchemaOutput<S> & string)[];
}

/** The row after an event: null takes it away, undefined leaves it as it is. */
type Folded<Row> = Row | null | undefined;

/** Which row an event is for: the field of the same name, or what a function says. */
type IdOf<Id extends string, Data> =
  Data extends Readonly<Record<Id, string>> ? [idOf?: (data: Data) => string] : [idOf: (data: Data) => string];

/** A table that is made of events, for reading. A value: each `on` and `sql` makes another. */
export interface Projection<Id extends string, Row, Tx = never> extends AnyProjection {
  /** For the compiler only. */
  readonly types?: { readonly row: Row; readonly tx: Tx };
  /** Row in, row out; pure. */
  on<Data, Input>(
    event: EventType<string, Data, Input>,
    fold: (row: Row | undefined, data: Data) => Folded<Row>,
    ...idOf: IdOf<Id, Data>
  ): Projection<Id, Row, Tx>;
  /** Statements of one's own upon the table, whose name is given; they change nothing else, for they run in rebuilds too. */
  sql<Data, Input, T>(
    event: EventType<string, Data, Input>,
    run: (tx: T, data: Data, table: string) => Promise<void>,
  ): Projection<Id, Row, T>;
}

/** Any projection, where its types do not matter. */
export interface AnyProjection {
  readonly kind: 'projection';
  /** `order-board`; its view is `order_board`. */
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  readonly id: string;
  readonly columns: readonly Column[];
  readonly indexes: readonly string[];
  /** By the names of events. */
  readonly steps: ReadonlyMap<string, ProjectionStep>;
}

/** What happens with one event. */
export type ProjectionStep =
  | {
      readonly kind: 'fold';
      readonly event: AnyEvent;
      readonly fold: (row: never, data: never) => unknown;
      readonly idOf: (data: never) => string;
    }
  | {
      readonly kind: 'sql';
      readonly event: AnyEvent;
      readonly run: (tx: never, data: never, table: string) => Promise<void>;
    };

/**
 * Defines a projection. EVENT_SOURCING_DEFINITION_INVALID when a name, a number or the row makes no sense, or an event
 * comes twice.
 *
 * @example
 * export const orderBoard = projection('order-board', {
 *   version: 4, mode: 'async', id: 'orderId', row: z.object({ orderId: z.string(), open: z.boolean() }), indexes: ['open'],
 * })
 *   .on(orderPlaced, (_row, { orderId }) => ({ orderId, open: true }))
 *   .on(orderRejected, (row) => row && { ...row, open: false });
 */
export function projection<const Id extends string, S extends Schema<unknown, Readonly<Record<Id, string>>>>(
  name: string,
  options: ProjectionOptions<Id, S>,
): Projection<Id, SchemaOutput<S>> {
  const { version = 1, mode, id, row, indexes = [] } = options;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    throw invalid(name, 'its name must be a lower-case letter, then letters, digits or hyphens, at most 40');
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalid(name, `its version is ${version}, but must be a whole number from 1`);
  const columns = columnsOf(name, row);
  const idColumn = columns.find((column) => column.name === id);
  if (idColumn?.type !== 'text' || idColumn.nullable) throw invalid(name, `its row must have the text "${id}", its id`);
  const unknown = indexes.find((index) => !columns.some((column) => column.name === index));
  if (unknown !== undefined) throw invalid(name, `its row has no field "${unknown}" to search by`);
  const head = { kind: 'projection', name, version, mode, id, columns, indexes } as const;
  return built(head, new Map()) as unknown as Projection<Id, SchemaOutput<S>>;
}

function built(head: Omit<AnyProjection, 'steps'>, steps: ReadonlyMap<string, ProjectionStep>): object {
  const add = (step: ProjectionStep) => {
    if (steps.has(step.event.name)) throw invalid(head.name, `it has "${step.event.name}" twice; remove one`);
    return built(head, new Map([...steps, [step.event.name, step]]));
  };
  const field = (data: Readonly<Record<string, string>>) => data[head.id] ?? '';
  type Fold = Extract<ProjectionStep, { kind: 'fold' }>;
  return {
    ...head,
    steps,
    on: (event: AnyEvent, fold: Fold['fold'], idOf: Fold['idOf'] = field as Fold['idOf']) =>
      add({ kind: 'fold', event, fold, idOf }),
    sql: (event: AnyEvent, run: Extract<ProjectionStep, { kind: 'sql' }>['run']) => add({ kind: 'sql', event, run }),
  };
}

function invalid(name: string, why: string): Error {
  return eventSourcingErrors.DEFINITION_INVALID(`the projection "${name}": ${why}`);
}
