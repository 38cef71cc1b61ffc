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
 * batch that may be sent again is, with exponential backoff and full jitter, before anything newer.
 */
export function exporter<Item>(options: ExporterOptions<Item>): Exporter<Item> {
  const { clock, random, send, onDropped, intervalMs = 1_000, batchSize = 256, maxQueued = 8_192 } = options;
  let queue: Item[] = [];
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let failures = 0;
  let closed = false;

  const wakeIn = (delayMs: number): void => {
    timer?.cancel();
    timer = clock.after(delayMs, () => {
      timer = undefined;
      void start();
    });
  };
  const start = (signal?: AbortSignal): Promise<void> => {
    sending ??= drain(signal).finally(() => {
      sending = undefined;
      if (queue.length > 0 && timer === undefined && !closed) wakeIn(failures === 0 ? intervalMs : backoffMs());
    });
    return sending;
  };
  const backoffMs = () =>
    Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + random.next() / 2);
  const drain = async (signal?: AbortSignal): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    while (queue.length > 0 && signal?.aborted !== true) {
      const batch = queue.slice(0, batchSize);
      queue = queue.slice(batchSize);
      const sent = await attempt(batch, signal);
      if (sent.outcome === 'again') {
        failures += 1;
        queue = [...batch, ...queue];
        trim();
        if (!closed) wakeIn(Math.max(backoffMs(), sent.afterMs ?? 0));
        return;
      }
      failures = 0;
      if (sent.outcome === 'refused') onDropped(batch.length);
    }
  };
  const attempt = async (batch: readonly Item[], outer: AbortSignal | undefined): Promise<Sent> => {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const limit = clock.after(requestTimeoutMs, abort);
    outer?.addEventListener('abort', abort, { once: true });
    try {
      return await send(batch, controller.signal);
    } catch {
      return { outcome: 'again' };
    } finally {
      limit.cancel();
      outer?.removeEventListener('abort', abort);
    }
  };
  const trim = (): void => {
    if (queue.length <= maxQueued) return;
    const excess = Math.max(queue.length - maxQueued, batchSize);
    queue = queue.slice(excess);
    onDropped(excess);
  };

  return {
    add(item) {
      if (closed) return;
      queue.push(item);
      trim();
      if (sending !== undefined) return;
      if (queue.length >= batchSize && failures === 0) void start();
      else if (timer === undefined) wakeIn(intervalMs);
    },
    async flush(signal) {
      await sending;
      if (queue.length > 0) await start(signal);
    },
    close() {
      closed = true;
      timer?.cancel();
      if (queue.length > 0) onDropped(queue.length);
      queue = [];
    },
  };
}
