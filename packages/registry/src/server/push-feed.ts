import type { Clock, Timer } from '@dure/core';
import type { Change, Position, PushedInstance, Snapshot } from '../wire/push-stream.ts';
import { positionText } from '../wire/push-stream.ts';

/** What a feed tells of. */
export interface PushFeedOptions {
  readonly epoch: string;
  readonly clock: Clock;
  readonly all: () => readonly PushedInstance[];
  /** Undefined when it is gone. */
  readonly find: (service: string, id: string) => PushedInstance | undefined;
  /** Changes that are remembered; whoever is further behind gets a snapshot. */
  readonly remembered: number;
  /** There is something new to read. */
  readonly notify: () => void;
}

/** Under constant change readers are woken this often, not for each; a change after a pause is told at once. */
const gapMs = 10;

interface Changed {
  readonly service: string;
  readonly id: string;
}

/**
 * The one sequence of changes that all streams read, each at its own pace. An event is written once for all who are
 * at the same place, and holds the present state of what changed, so that a slow reader always catches up.
 */
export class PushFeed {
  readonly #options: PushFeedOptions;
  readonly #written = new Map<number | 'snapshot', string>();
  #changes: Changed[] = [];
  /** The version before the first change that is remembered. */
  #floor = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #telling: Timer | undefined;

  constructor(options: PushFeedOptions) {
    this.#options = options;
  }

  get position(): Position {
    return { epoch: this.#options.epoch, version: this.version };
  }

  get version(): number {
    return this.#floor + this.#changes.length;
  }

  changed(service: string, id: string): void {
    this.#changes.push({ service, id });
    this.#written.clear();
    const { remembered, clock } = this.#options;
    if (this.#changes.length > 2 * remembered) {
      this.#floor += remembered;
      this.#changes = this.#changes.slice(remembered);
    }
    if (this.#telling !== undefined) return;
    const waitMs = this.#toldAt + gapMs - clock.monotonicMs();
    if (waitMs <= 0) this.flush();
    else this.#telling = clock.after(waitMs, () => this.flush());
  }

  /** Wakes the readers now. */
  flush(): void {
    this.#telling?.cancel();
    this.#telling = undefined;
    this.#toldAt = this.#options.clock.monotonicMs();
    this.#options.notify();
  }

  close(): void {
    this.#telling?.cancel();
  }

  /** Whether a reader at this place can go on from there. */
  canResume({ epoch, version }: Position): boolean {
    return epoch === this.#options.epoch && version >= this.#floor && version <= this.version;
  }

  snapshot(): string {
    return this.#write('snapshot', () => {
      const { epoch, all } = this.#options;
      return this.event('snapshot', { epoch, instances: all() } satisfies Snapshot);
    });
  }

  /** What happened after `version`, each instance once; the whole when that is not remembered any more. */
  since(version: number): string {
    if (version < this.#floor) return this.snapshot();
    return this.#write(version, () => {
      const put: PushedInstance[] = [];
      const gone: Changed[] = [];
      const changed = new Map<string, Changed>();
      for (const one of this.#changes.slice(version - this.#floor)) changed.set(`${one.service}/${one.id}`, one);
      for (const { service, id } of changed.values()) {
        const instance = this.#options.find(service, id);
        if (instance === undefined) gone.push({ service, id });
        else put.push(instance);
      }
      return this.event('change', { put, gone } satisfies Change);
    });
  }

  /** A server-sent event that says how far it brings its reader. */
  event(name: string, data: unknown): string {
    return `id: ${positionText(this.position)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #write(key: number | 'snapshot', make: () => string): string {
    const before = this.#written.get(key);
    if (before !== undefined) return before;
    const text = make();
    this.#written.set(key, text);
    return text;
  }
}
