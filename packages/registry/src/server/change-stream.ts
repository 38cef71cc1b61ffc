import type { Clock, Timer } from '@dure/core';
import type { Change, PushedInstance, Snapshot } from '../wire/push-stream.ts';

/** What a stream tells of. */
export interface StreamSource {
  readonly epoch: string;
  all(): readonly PushedInstance[];
  /** Undefined when it is gone. */
  find(service: string, id: string): PushedInstance | undefined;
}

/** Options of `ChangeStream`. */
export interface ChangeStreamOptions {
  readonly source: StreamSource;
  readonly clock: Clock;
  /** Silence after which a comment is sent, so that both sides notice a dead connection. */
  readonly heartbeatMs: number;
  /** Changes that may wait for a slow reader; beyond that it gets a new snapshot instead. */
  readonly maxWaiting: number;
  readonly closed: () => void;
}

/**
 * One subscriber's server-sent events: a snapshot, then changes. It holds no queue but the set of instances that
 * changed since it was last read, so that a slow reader costs little and always catches up with the present.
 */
export class ChangeStream implements AsyncIterableIterator<string> {
  readonly #options: ChangeStreamOptions;
  readonly #dirty = new Map<string, { readonly service: string; readonly id: string }>();
  #needsSnapshot = true;
  #isClosed = false;
  #beat: Timer | undefined;
  #wake: (() => void) | undefined;
  #heartbeatDue = false;

  constructor(options: ChangeStreamOptions) {
    this.#options = options;
  }

  changed(service: string, id: string): void {
    if (this.#isClosed || this.#needsSnapshot) return;
    this.#dirty.set(`${service}/${id}`, { service, id });
    if (this.#dirty.size > this.#options.maxWaiting) {
      this.#dirty.clear();
      this.#needsSnapshot = true;
    }
    this.#wake?.();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#beat?.cancel();
    this.#dirty.clear();
    this.#wake?.();
    this.#options.closed();
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.#isClosed) {
      const text = this.#take();
      if (text !== undefined) return { done: false, value: text };
      await this.#sleep();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): string | undefined {
    const { source } = this.#options;
    if (this.#needsSnapshot) {
      this.#needsSnapshot = false;
      const snapshot: Snapshot = { epoch: source.epoch, instances: source.all() };
      return event('snapshot', snapshot);
    }
    if (this.#dirty.size > 0) {
      const change = { put: [] as PushedInstance[], gone: [] as { service: string; id: string }[] };
      for (const { service, id } of this.#dirty.values()) {
        const instance = source.find(service, id);
        if (instance === undefined) change.gone.push({ service, id });
        else change.put.push(instance);
      }
      this.#dirty.clear();
      return event('change', change satisfies Change);
    }
    if (!this.#heartbeatDue) return undefined;
    this.#heartbeatDue = false;
    return ':\n\n';
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        this.#beat?.cancel();
        resolve();
      };
      this.#beat = this.#options.clock.after(this.#options.heartbeatMs, () => {
        this.#heartbeatDue = true;
        this.#wake?.();
      });
    });
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
