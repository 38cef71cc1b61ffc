import type { Clock, Timer } from '@dure/core';

/**
 * The open connection is the lease: as long as a process holds a stream open it lives; when its last stream breaks
 * and none is opened within the grace, it is taken for dead.
 */
export class ProcessLeases {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #died: (process: string) => void;
  readonly #open = new Map<string, number>();
  readonly #waiting = new Map<string, Timer>();

  constructor(clock: Clock, graceMs: number, died: (process: string) => void) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#died = died;
  }

  /** Streams that are open. */
  get streams(): number {
    let streams = 0;
    for (const count of this.#open.values()) streams += count;
    return streams;
  }

  /** Returns what to call when the stream has ended; idempotent. */
  opened(process: string): () => void {
    this.#waiting.get(process)?.cancel();
    this.#waiting.delete(process);
    this.#open.set(process, (this.#open.get(process) ?? 0) + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#closed(process);
    };
  }

  /** Forgets everything: nobody dies because the registry stops. */
  close(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#open.clear();
  }

  #closed(process: string): void {
    const left = (this.#open.get(process) ?? 0) - 1;
    if (left > 0) {
      this.#open.set(process, left);
      return;
    }
    if (!this.#open.delete(process)) return;
    const timer = this.#clock.after(this.#graceMs, () => {
      this.#waiting.delete(process);
      this.#died(process);
    });
    this.#waiting.set(process, timer);
  }
}
