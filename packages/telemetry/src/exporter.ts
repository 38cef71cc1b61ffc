import type { Clock, Random, Timer } from '@dure/core';

/** How a batch fared: taken, to be sent again, or refused for good. */
export type Sent = { readonly outcome: 'taken' | 'refused' } | { readonly outcome: 'again'; readonly afterMs?: number };

/** What a queue of batches needs. */
export interface ExporterOptions<Item> {
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (batch: readonly Item[], signal: AbortSignal) => Promise<Sent>;
  /** Items that were thrown away: the queue was full, or the collector refused them. */
  readonly onDropped: (count: number) => void;
  readonly intervalMs?: number;
  readonly batchSize?: number;
  readonly maxQueued?: number;
}

/** Collects items and sends them in batches. */
export interface Exporter<Item> {
  /** Cheap and never fails; the oldest items give way when the queue is full. */
  add(item: Item): void;
  /** Sends what is queued, waiting for no retry; ends when `signal` aborts. Never rejects. */
  flush(signal: AbortSignal): Promise<void>;
  close(): void;
}

const firstBackoffMs = 500;
const longestBackoffMs = 5_000;
const requestTimeoutMs = 5_000;

/**
 * A bounded queue before a collector: sends when a batch is full or an interval has passed, one batch at a time; a
 * batch that may be sent again is, with exponential backoff and jitter, before anything newer.
 */
export function exporter<Item>(options: ExporterOptions<Item>): Exporter<Item> {
  return new BatchExporter(options);
}

class BatchExporter<Item> implements Exporter<Item> {
  readonly #options: Required<ExporterOptions<Item>>;
  #queue: Item[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: ExporterOptions<Item>) {
    this.#options = { intervalMs: 1_000, batchSize: 256, maxQueued: 8_192, ...options };
  }

  add(item: Item): void {
    if (this.#closed) return;
    this.#queue.push(item);
    this.#trim();
    if (this.#sending !== undefined) return;
    if (this.#queue.length >= this.#options.batchSize && this.#failures === 0) void this.#start();
    else if (this.#timer === undefined) this.#wakeIn(this.#options.intervalMs);
  }

  async flush(signal: AbortSignal): Promise<void> {
    await this.#sending;
    if (this.#queue.length > 0) await this.#start(signal);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#queue.length > 0) this.#options.onDropped(this.#queue.length);
    this.#queue = [];
  }

  #start(signal?: AbortSignal): Promise<void> {
    this.#sending ??= this.#drain(signal).finally(() => {
      this.#sending = undefined;
      if (this.#queue.length > 0 && this.#timer === undefined && !this.#closed) this.#wakeIn(this.#options.intervalMs);
    });
    return this.#sending;
  }

  async #drain(signal?: AbortSignal): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#queue.length > 0 && signal?.aborted !== true) {
      const batch = this.#queue.slice(0, this.#options.batchSize);
      this.#queue = this.#queue.slice(batch.length);
      const sent = await this.#attempt(batch, signal);
      if (sent.outcome === 'again') {
        this.#failures += 1;
        this.#queue = [...batch, ...this.#queue];
        this.#trim();
        if (!this.#closed) this.#wakeIn(Math.max(this.#backoffMs(), sent.afterMs ?? 0));
        return;
      }
      this.#failures = 0;
      if (sent.outcome === 'refused') this.#options.onDropped(batch.length);
    }
  }

  async #attempt(batch: readonly Item[], outer: AbortSignal | undefined): Promise<Sent> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const limit = this.#options.clock.after(requestTimeoutMs, abort);
    outer?.addEventListener('abort', abort, { once: true });
    try {
      return await this.#options.send(batch, controller.signal);
    } catch {
      return { outcome: 'again' };
    } finally {
      limit.cancel();
      outer?.removeEventListener('abort', abort);
    }
  }

  #wakeIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#start();
    });
  }

  #backoffMs(): number {
    const longest = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(this.#failures - 1, 10));
    return longest * (0.5 + this.#options.random.next() / 2);
  }

  #trim(): void {
    const { batchSize, maxQueued, onDropped } = this.#options;
    if (this.#queue.length <= maxQueued) return;
    const excess = Math.max(this.#queue.length - maxQueued, batchSize);
    this.#queue = this.#queue.slice(excess);
    onDropped(excess);
  }
}
