import type { Clock } from '@dure/core';
import type { BrokerRecord } from '@dure/messaging';
import { answeredInTime } from '@dure/messaging';
import type { BaseOptions } from '@platformatic/kafka';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { headersOf } from './wire.ts';

/** A record on its way to a partition. */
export interface Outgoing {
  readonly topic: string;
  readonly lane: number;
  readonly key: string;
  readonly record: BrokerRecord;
  readonly partitions: Promise<number>;
}

interface Pending extends Outgoing {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const mostInBatch = 256;
const mostBytes = 900_000;
/** How long a confirmation may take, in milliseconds. */
const answerMs = 5_000;

/**
 * Sends what has come together as one batch, one batch after the other, with an idempotent producer: within a partition the broker
 * takes them in order or not at all. After a failure it is of no more use: what waits fails, too, and nothing overtakes.
 */
export class BatchingProducer {
  readonly #producer: Producer<string, Buffer, string, string>;
  readonly #clock: Clock;
  readonly #pending: Pending[] = [];
  #sending = false;
  #failed: unknown;

  constructor(base: BaseOptions, clock: Clock) {
    this.#clock = clock;
    this.#producer = new Producer({
      ...base,
      idempotent: true,
      acks: -1,
      retries: 0,
      serializers: {
        key: stringSerializers.key,
        value: (body) => body,
        headerKey: stringSerializers.headerKey,
        headerValue: stringSerializers.headerValue,
      },
    });
  }

  publish(outgoing: Outgoing): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) return reject(this.#failed);
      this.#pending.push({ ...outgoing, resolve, reject });
      if (!this.#sending) void this.#send();
    });
  }

  async close(): Promise<void> {
    this.#fail(new TypeError('the producer was closed'));
    await answeredInTime(this.#clock, answerMs, 'Kafka', this.#producer.close(true)).catch(() => undefined);
  }

  async #send(): Promise<void> {
    this.#sending = true;
    // What is published in the same turn goes together.
    await Promise.resolve();
    while (this.#pending.length > 0 && this.#failed === undefined) {
      const batch = this.#pending.splice(0, sizeOfBatch(this.#pending));
      try {
        const messages = await Promise.all(
          batch.map(async ({ topic, lane, key, record, partitions }) => ({
            topic,
            key,
            value: Buffer.from(record.body),
            headers: headersOf(record.attributes),
            partition: lane % (await partitions),
          })),
        );
        await answeredInTime(this.#clock, answerMs, 'Kafka', this.#producer.send({ messages }));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#fail(error);
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = false;
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(this.#failed);
  }
}

function sizeOfBatch(pending: readonly Pending[]): number {
  let bytes = 0;
  const at = pending.findIndex(({ record }, index) => {
    bytes += record.body.byteLength + 1_000;
    return index >= mostInBatch || (index > 0 && bytes > mostBytes);
  });
  return at < 0 ? pending.length : at;
}
