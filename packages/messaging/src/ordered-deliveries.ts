import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { BrokerRecord, SubscribeOptions } from './broker.port.ts';

/** The most records that are handed over at once. */
const mostAtHand = 32;
const shortestPauseMs = 10;
const longestPauseMs = 1_000;

interface Waiting {
  readonly record: BrokerRecord;
  readonly acknowledge: () => void;
}

/** What is here of one partition. */
interface Line {
  readonly waiting: Waiting[];
  /** How many of them, from the front on, are at hand. */
  atHand: number;
  /** Aborted when what is at hand need not be done here any more; then it does not come again if it is not taken. */
  end: AbortController;
}

/**
 * Hands records to a handler, those of one partition in their order and again until it takes them, partitions beside each other. Those
 * that wait in one partition are handed over together, and as many of them are acknowledged as it takes. What an adapter does with a record that was
 * taken is its `acknowledge`.
 */
export class OrderedDeliveries {
  readonly #handle: SubscribeOptions['handle'];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #lines = new Map<string, Line>();
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
    return this.#lines.get(partition)?.waiting.length ?? 0;
  }

  push(partition: string, record: BrokerRecord, acknowledge: () => void): void {
    if (this.#stop.signal.aborted) return;
    this.#held += 1;
    const line = this.#lines.get(partition);
    if (line !== undefined) {
      line.waiting.push({ record, acknowledge });
      return;
    }
    const started = { waiting: [{ record, acknowledge }], atHand: 0, end: new AbortController() };
    this.#lines.set(partition, started);
    this.#running.set(
      partition,
      this.#work(partition, started).finally(() => this.#running.delete(partition)),
    );
  }

  /**
   * Forgets what waits, as when a connection is lost: the broker brings it again. What is at hand is told so and ends as it will; if it is
   * not taken the broker brings that again, too.
   */
  forget(partition?: string): void {
    for (const [name, line] of this.#lines) {
      if (partition !== undefined && name !== partition) continue;
      line.end.abort();
      this.#drop(line, line.atHand);
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
    for (const { end } of this.#lines.values()) end.abort();
    await Promise.all(this.#running.values());
  }

  async #work(partition: string, line: Line): Promise<void> {
    for (let pauseMs = shortestPauseMs; line.waiting.length > 0 && !this.#stop.signal.aborted; ) {
      if ((await this.#hand(line)) > 0) {
        pauseMs = shortestPauseMs;
        continue;
      }
      await wait(this.#clock, pauseMs * (0.5 + this.#random.next() / 2), line.end.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    this.#drop(line, 0);
    this.#lines.delete(partition);
  }

  /** Hands over what waits, and says how many were taken. */
  async #hand(line: Line): Promise<number> {
    const some = line.waiting.slice(0, mostAtHand);
    const records = some.map(({ record }) => record);
    line.atHand = some.length;
    line.end = new AbortController();
    const { signal } = line.end;
    const count = await this.#taken(records, signal);
    for (const { acknowledge } of some.slice(0, count)) {
      line.waiting.shift();
      line.atHand -= 1;
      this.#held -= 1;
      acknowledge();
    }
    if (signal.aborted) this.#held -= line.waiting.splice(0, line.atHand).length;
    line.atHand = 0;
    return count;
  }

  async #taken(records: readonly BrokerRecord[], signal: AbortSignal): Promise<number> {
    try {
      return await this.#handle(records, signal);
    } catch {
      // Why is the handler's to tell; here they only come again.
      return 0;
    }
  }

  /** Lets go what is behind the first ones. */
  #drop(line: Line, first: number): void {
    this.#held -= line.waiting.splice(first).length;
  }
}
