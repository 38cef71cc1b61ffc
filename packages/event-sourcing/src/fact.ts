import { check } from '@dure/core';
import type { AnyEvent, EventType } from '@dure/messaging';
import { eventSourcingErrors } from './errors.ts';

/** Something that an aggregate decided has happened: an event with its data. */
export interface Fact<Name extends string = string> {
  readonly kind: 'fact';
  readonly type: Name;
  readonly event: AnyEvent;
  /** As the event's schema gave it back. */
  readonly data: unknown;
}

/**
 * States a fact. EVENT_SOURCING_DATA_INVALID when the data does not fit the event's schema.
 *
 * @example
 * fact(reserved, { sku: 'tea-green', orderId, quantity: 2 });
 */
export function fact<const Name extends string, Data, Input>(
  event: EventType<Name, Data, Input>,
  data: Input,
): Fact<Name> {
  const checked = check<Data>(event.schema as never, data, 'data');
  if (checked.ok) return { kind: 'fact', type: event.name, event: event as unknown as AnyEvent, data: checked.value };
  const fields = checked.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  throw eventSourcingErrors.DATA_INVALID(`"${event.name}" is no fact, its data does not fit the contract: ${fields}`, {
    details: { type: event.name, errors: checked.errors },
  });
}
