import type { BrokerRecord } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { ConfirmChannel, Message } from 'amqplib';
import { headersOf } from './wire.ts';

/** A record on its way to an exchange. */
export interface Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string;
  readonly key: string;
  readonly record: BrokerRecord;
}

/**
 * Publishes with confirms. A record that no queue takes is returned (`mandatory`) before it is confirmed: it counts as refused.
 * https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed
 */
export class ConfirmedPublisher {
  readonly #channel: ConfirmChannel;
  readonly #returned = new Map<string, number>();
  readonly #pending = new Set<(error: Error) => void>();
  #lost = false;

  constructor(channel: ConfirmChannel) {
    this.#channel = channel;
    channel.on('error', () => undefined);
    channel.on('close', () => this.lost());
    channel.on('return', ({ properties }: Message) => {
      const id = String(properties.messageId);
      this.#returned.set(id, (this.#returned.get(id) ?? 0) + 1);
    });
  }

  publish({ exchange, routingKey, id, key, record }: Outgoing): Promise<void> {
    const options = {
      persistent: true,
      mandatory: true,
      messageId: id,
      contentType: 'application/json',
      headers: { ...headersOf(record.attributes), partitionkey: key },
    };
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(lostError());
      this.#pending.add(reject);
      const confirmed = (error: unknown) => {
        this.#pending.delete(reject);
        const unroutable = this.#takeReturned(id);
        if (error !== null && error !== undefined)
          reject(messagingErrors.BROKER_UNAVAILABLE('a record was not stored'));
        else if (unroutable) reject(messagingErrors.BROKER_REFUSED(`unroutable: no queue is bound to "${exchange}"`));
        else resolve();
      };
      this.#channel.publish(exchange, routingKey, Buffer.from(record.body), options, confirmed);
    });
  }

  /** The connection is gone, and with it every confirmation. */
  lost(): void {
    this.#lost = true;
    for (const reject of this.#pending) reject(lostError());
    this.#pending.clear();
  }

  #takeReturned(id: string): boolean {
    const count = this.#returned.get(id) ?? 0;
    if (count > 1) this.#returned.set(id, count - 1);
    else this.#returned.delete(id);
    return count > 0;
  }
}

function lostError(): Error {
  return messagingErrors.BROKER_UNAVAILABLE('the connection was lost before the confirmation came');
}
