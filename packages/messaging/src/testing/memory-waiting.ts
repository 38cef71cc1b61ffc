import { fromCloudEvent } from '../cloud-event.ts';
import type { DeliveryFailure } from '../delivery.ts';
import type { ParkedMessageView } from '../delivery-operations.port.ts';
import type { Intervention, ParkedMessage } from '../parked-keys.port.ts';

/** A message that waits. */
export interface WaitingMessage {
  readonly number: number;
  readonly envelope: string;
  replacement: { readonly data: unknown; readonly edited: Intervention } | undefined;
  revision: number;
}

/** A key that is parked. */
export interface WaitingKey {
  readonly since: number;
  readonly messages: WaitingMessage[];
  failure: DeliveryFailure;
}

/** As an operator sees it. */
export function viewOf({ envelope, replacement }: WaitingMessage): ParkedMessageView {
  const message = fromCloudEvent(JSON.parse(envelope));
  return { message, edited: replacement && { ...replacement.edited, data: replacement.data } };
}

/** As it is to be applied. */
export function parkedOf(source: string, key: string, { failure }: WaitingKey, waiting: WaitingMessage): ParkedMessage {
  const { number, revision, envelope, replacement } = waiting;
  const original = fromCloudEvent(JSON.parse(envelope));
  const message = replacement === undefined ? original : { ...original, data: replacement.data };
  return { number, revision, source, key, attempts: failure.attempts, message };
}
