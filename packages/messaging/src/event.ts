import type { Schema, SchemaInput, SchemaOutput } from '@dure/core';

/** An event as a contract value: a past fact with a name, a shape and the key that keeps its order. */
export interface EventType<Name extends string = string, Data = unknown, Input = Data> {
  readonly kind: 'event';
  /** `order.placed`: the service, a dot, the fact. */
  readonly name: Name;
  readonly version: number;
  readonly schema: Schema<Input, Data>;
  /** Events with the same key are delivered in the order in which they happened. */
  readonly key: (data: Data) => string;
}

/** Any event, where its types do not matter. */
export interface AnyEvent {
  readonly kind: 'event';
  readonly name: string;
  readonly version: number;
  readonly schema: Schema<unknown, unknown>;
  readonly key: (data: never) => string;
}

/**
 * Declares an event.
 *
 * @example
 * export const orderPlaced = event('order.placed', { schema: z.object({ orderId: z.string() }), key: (d) => d.orderId });
 */
export function event<const Name extends string, S extends Schema<unknown, unknown>>(
  name: Name,
  spec: { readonly version?: number; readonly schema: S; readonly key: (data: SchemaOutput<S>) => string },
): EventType<Name, SchemaOutput<S>, SchemaInput<S>> {
  const schema = spec.schema as unknown as Schema<SchemaInput<S>, SchemaOutput<S>>;
  return { kind: 'event', name, version: spec.version ?? 1, schema, key: spec.key };
}

/** The data of an event. */
export type EventData<E> = E extends { readonly schema: Schema<unknown, infer Data> } ? Data : never;
