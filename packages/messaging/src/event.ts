import type { Schema, SchemaInput, SchemaOutput } from '@dure/core';
import type { Upcasts, WithUpcast } from './upcast.ts';

/** An event as a contract value: a past fact with a name, a shape and the key that keeps its order. */
export interface EventType<Name extends string = string, Data = unknown, Input = Data> {
  readonly kind: 'event';
  /** `order.placed`: the service, a dot, the fact. */
  readonly name: Name;
  readonly version: number;
  /** How data of earlier versions is brought up when it is read. */
  readonly upcasts?: Upcasts;
  readonly schema: Schema<Input, Data>;
  /** Its data may be as long as 64 Mi characters. Default: 1 Mi. */
  readonly large?: boolean;
  /** How long it is kept in the log at least, in milliseconds. Default: as long as everything else. */
  readonly keepMs?: number;
  /** Events with the same key are delivered in the order in which they happened. */
  readonly key: (data: Data) => string;
}

/** Any event, where its types do not matter. */
export interface AnyEvent {
  readonly kind: 'event';
  readonly name: string;
  readonly version: number;
  readonly upcasts?: Upcasts;
  readonly schema: Schema<unknown, unknown>;
  readonly large?: boolean;
  readonly keepMs?: number;
  readonly key: (data: never) => string;
}

/**
 * Declares an event. From version 2 on it says how the data of each earlier version becomes that of the next; messages are kept
 * as they were written and brought up when they are read.
 *
 * @example
 * export const orderPlaced = event('order.placed', {
 *   version: 2,
 *   schema: z.object({ orderId: z.string(), total: z.number() }),
 *   key: (d) => d.orderId,
 *   upcast: { 1: (d: { id: string }) => ({ orderId: d.id, total: 0 }) },
 * });
 */
export function event<
  const Name extends string,
  S extends Schema<unknown, unknown>,
  const Version extends number = 1,
  U = Upcasts,
>(
  name: Name,
  spec: {
    readonly version?: Version;
    readonly schema: S;
    /**
     * Its data may be as long as 64 Mi characters as JSON, instead of 1 Mi. Whatever has more than 256 KiB is put aside and fetched by
     * those who handle it, declared or not.
     */
    readonly large?: boolean;
    /**
     * How long it is kept in the log at least, in milliseconds, and with it everything that was written later; `Infinity`: for ever. To be said of events
     * of which somebody makes a read model anew from the beginning. Default: as long as everything else, which is the least.
     */
    readonly keepMs?: number;
    readonly key: (data: SchemaOutput<S>) => string;
  } & WithUpcast<U, Version, SchemaInput<S>>,
): EventType<Name, SchemaOutput<S>, SchemaInput<S>> {
  const schema = spec.schema as unknown as Schema<SchemaInput<S>, SchemaOutput<S>>;
  const { version = 1, key, large = false, keepMs } = spec;
  const upcasts = (spec as { readonly upcast?: Upcasts }).upcast;
  const rest = {
    ...(upcasts === undefined ? {} : { upcasts }),
    ...(large ? { large } : {}),
    ...(keepMs === undefined ? {} : { keepMs }),
  };
  return { kind: 'event', name, version, schema, key, ...rest };
}

/** The data of an event. */
export type EventData<E> = E extends { readonly schema: Schema<unknown, infer Data> } ? Data : never;
