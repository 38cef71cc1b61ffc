import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { BrokerRecord, SubscribeOptions } from './broker.port.ts';

const longestPauseMs = 1_000;

interface Waiting {
  readonly record: BrokerRecord;
  readonly acknowledge: () => void;
}

/**
 * Hands records to a handler, those of one partition one after the other and again until it takes them, partitions beside each
 * other. What an adapter does with a record that was taken is its `acknowledge`.
 */
export class OrderedDeliveries {
  readonly #handle: SubscribeOptions['handle'];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #lines = new Map<string, Waiting[]>();
  readonly #running = new Map<string, Promise<void>>();
  #held = 0;

  constructor(
    handle: SubscribeOptions['handle'],
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#handle = handle;
    this.#clock = clock;
    this.#random = random;
  }

  /** Records that wait or are at hand. */
  get held(): number {
    return this.#held;
  }

  /** How many of one partition. */
  heldOf(partition: string): number {
    return this.#lines.get(partition)?.length ?? 0;
  }

  push(partition: string, record: BrokerRecord, acknowledge: () => void): void {
    if (this.#stop.signal.aborted) return;
    this.#held += 1;
    const line = this.#lines.get(partition);
    if (line !== undefined) {
      line.push({ record, acknowledge });
      return;
    }
    const started = [{ record, acknowledge }];
    this.#lines.set(partition, started);
    this.#running.set(
      partition,
      this.#work(partition, started).finally(() => this.#running.delete(partition)),
    );
  }

  /** Forgets what waits, as when a connection is lost: the broker brings it again. What is at hand ends as it will. */
  forget(partition?: string): void {
    for (const [name, line] of this.#lines) {
      if (partition !== undefined && name !== partition) continue;
      this.#held -= Math.max(line.length - 1, 0);
      line.splice(1);
    }
  }

  /** Forgets what waits of a partition that goes to another, and lets what is at hand of it end. */
  async leave(partition: string): Promise<void> {
    this.forget(partition);
    await this.#running.get(partition);
  }

  /** Lets what is at hand end, and takes nothing more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  async #work(partition: string, line: Waiting[]): Promise<void> {
    for (let first = line[0]; first !== undefined; first = line[0]) {
      const taken = await this.#take(first.record);
      this.#held -= 1;
      line.shift();
      if (taken) first.acknowledge();
      if (this.#stop.signal.aborted) break;
    }
    this.#held -= line.length;
    this.#lines.delete(partition);
  }

  /** Whether the handler took it; false when the end came first. */
  async #take(record: BrokerRecord): Promise<boolean> {
    const { signal } = this.#stop;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await this.#handle(record, signal);
        return true;
      } catch {
        // Why is the handler's to tell; here it only comes again.
        const waited = await wait(this.#clock, pauseMs * (0.5 + this.#random.next() / 2), signal);
        if (!waited || signal.aborted) return false;
      }
    }
  }
}
