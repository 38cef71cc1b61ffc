import type { Instance, InstanceList } from '@dure/balancer';
import type { Clock, Timer } from '@dure/core';
import type { Change, InstanceStatus, Liveness, PushedInstance, Snapshot } from '../wire/push-stream.ts';
import { processKey } from '../wire/push-stream.ts';

/** An instance as the client knows it. */
export interface KnownInstance {
  readonly instance: Instance;
  readonly status: InstanceStatus;
  /** What the registry doubts about its process. */
  readonly liveness?: Liveness;
  /** The registry came back without it, and it may yet register again. */
  readonly isHeld: boolean;
}

/** How long instances are kept that a snapshot does not name, though they were there before the connection broke. */
export interface HoldTimes {
  /** Those that hold a stream of their own and are reconnecting just as we are. */
  readonly ownMs: number;
  /** Those that only renew: they notice a fresh registry by their next renewal. */
  readonly renewingMs: number;
}

interface Row extends KnownInstance {
  readonly pushed: PushedInstance;
  /** Read from disk: the registry has said nothing of it yet. */
  readonly isSaved: boolean;
  readonly heldUntil: number;
}

const none: readonly Instance[] = [];

/**
 * The last known list. It changes only by what the registry says; while the registry is away it stays, and when a
 * registry comes back empty, what was known is held until it had time to register again.
 */
export class InstanceTable implements InstanceList {
  readonly #clock: Clock;
  readonly #hold: HoldTimes;
  readonly #rows = new Map<string, Row>();
  readonly #up = new Map<string, readonly Instance[]>();
  readonly #listeners = new Set<{ readonly service: string | undefined; readonly changed: () => void }>();
  #epoch: string | undefined;
  #release: Timer | undefined;

  constructor(clock: Clock, hold: HoldTimes) {
    this.#clock = clock;
    this.#hold = hold;
  }

  instances(service: string): readonly Instance[] {
    return this.#up.get(service) ?? this.#up.get(service.toLowerCase()) ?? none;
  }

  onChange(service: string | undefined, changed: () => void): () => void {
    const listener = { service: service?.toLowerCase(), changed };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  known(): readonly KnownInstance[] {
    return [...this.#rows.values()].map(({ instance, status, isHeld, pushed: { liveness } }) => {
      return { instance, status, isHeld, ...(liveness === undefined ? {} : { liveness }) };
    });
  }

  has(service: string, id: string): boolean {
    const row = this.#rows.get(keyOf(service, id));
    return row !== undefined && !row.isHeld;
  }

  /** The list that was saved to disk, until the registry says something. */
  restore(saved: readonly PushedInstance[]): void {
    if (this.#epoch !== undefined) return;
    const touched = new Set<string>();
    for (const pushed of saved) this.#put(pushed, touched, true);
    this.#rebuild(touched);
  }

  /** What is worth saving: everything but what came from disk itself. */
  pushed(): readonly PushedInstance[] {
    return [...this.#rows.values()].filter(({ isSaved }) => !isSaved).map(({ pushed }) => pushed);
  }

  /** Whether the registry itself told of an instance that takes traffic. */
  isVisible(service: string): boolean {
    const wanted = service.toLowerCase();
    for (const { pushed, status, isSaved } of this.#rows.values())
      if (!isSaved && status === 'UP' && pushed.service.toLowerCase() === wanted) return true;
    return false;
  }

  applySnapshot({ epoch, instances }: Snapshot): void {
    const isFresh = this.#epoch !== epoch;
    this.#epoch = epoch;
    const touched = new Set<string>();
    const named = new Set<string>();
    for (const pushed of instances) {
      named.add(keyOf(pushed.service, pushed.id));
      this.#put(pushed, touched);
    }
    const now = this.#clock.monotonicMs();
    for (const [key, row] of this.#rows) {
      if (named.has(key) || row.isHeld) continue;
      const isOwn = row.pushed.metadata[processKey] !== undefined;
      const holdMs = row.isSaved ? 0 : isOwn ? this.#hold.ownMs : isFresh ? this.#hold.renewingMs : 0;
      if (holdMs > 0) this.#rows.set(key, { ...row, isHeld: true, heldUntil: now + holdMs });
      else this.#remove(key, touched);
    }
    this.#scheduleRelease();
    this.#rebuild(touched);
  }

  applyChange({ put, gone }: Change): void {
    const touched = new Set<string>();
    for (const pushed of put) this.#put(pushed, touched);
    for (const { service, id } of gone) this.#remove(keyOf(service, id), touched);
    this.#rebuild(touched);
  }

  close(): void {
    this.#release?.cancel();
    this.#listeners.clear();
  }

  #put(pushed: PushedInstance, touched: Set<string>, isSaved = false): void {
    const key = keyOf(pushed.service, pushed.id);
    const before = this.#rows.get(key);
    const isSame = before !== undefined && JSON.stringify(before.pushed) === JSON.stringify(pushed);
    if (isSame && !before.isHeld && !before.isSaved) return;
    const instance = isSame ? before.instance : instanceOf(pushed);
    this.#rows.set(key, { pushed, instance, status: pushed.status, isHeld: false, heldUntil: 0, isSaved });
    if (!isSame || before.isSaved) touched.add(pushed.service.toLowerCase());
  }

  #remove(key: string, touched: Set<string>): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    touched.add(row.pushed.service.toLowerCase());
  }

  #rebuild(touched: ReadonlySet<string>): void {
    if (touched.size === 0) return;
    const lists = new Map<string, Instance[]>([...touched].map((service) => [service, []]));
    for (const { pushed, instance, status } of this.#rows.values()) {
      if (status === 'UP') lists.get(pushed.service.toLowerCase())?.push(instance);
    }
    const changed = new Set<string>();
    for (const [service, list] of lists) {
      const before = this.#up.get(service) ?? none;
      if (list.length === before.length && list.every((instance, index) => instance === before[index])) continue;
      if (list.length === 0) this.#up.delete(service);
      else this.#up.set(service, list);
      changed.add(service);
    }
    if (changed.size === 0) return;
    for (const listener of [...this.#listeners]) {
      if (listener.service === undefined || changed.has(listener.service)) listener.changed();
    }
  }

  #scheduleRelease(): void {
    this.#release?.cancel();
    const held = [...this.#rows.values()].filter((row) => row.isHeld);
    if (held.length === 0) return;
    const next = Math.min(...held.map((row) => row.heldUntil));
    this.#release = this.#clock.after(Math.max(next - this.#clock.monotonicMs(), 0), () => {
      const now = this.#clock.monotonicMs();
      const touched = new Set<string>();
      for (const [key, row] of this.#rows) if (row.isHeld && row.heldUntil <= now) this.#remove(key, touched);
      this.#scheduleRelease();
      this.#rebuild(touched);
    });
  }
}

function keyOf(service: string, id: string): string {
  return `${service.toLowerCase()}/${id}`;
}

function instanceOf(pushed: PushedInstance): Instance {
  const { id, service, host, port, secure, managementPort, zone, metadata } = pushed;
  return { id, service, host, port, ...(secure === true ? { secure } : {}), managementPort, zone, metadata };
}
