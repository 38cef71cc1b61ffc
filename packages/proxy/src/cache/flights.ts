import type { Rider } from './flight.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** One that is under way, as far as others must know it. */
export interface Shared {
  /** Takes a request for an answer like the first one's; false when that is not to be had here. */
  join(rider: Rider, stale: StoredAnswer | undefined): boolean;
  /** Whether it asks for what comes after a stored answer. */
  isAfter(stale: StoredAnswer): boolean;
  spoil(): void;
}

/** How long requests for an answer that could not be shared do not wait for one another, in milliseconds. */
const aloneForMs = 10_000;
const mostAlone = 1_000;

/** What is being fetched, by key, and what need not be waited for. */
export class Flights {
  readonly #underway = new Map<string, Shared[]>();
  readonly #aloneUntil = new Map<string, number>();
  readonly #maxHeldBytes: number;
  #heldBytes = 0;

  /** So many bytes at most are held of bodies that are not whole yet. */
  constructor(maxHeldBytes: number) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  get size(): number {
    return this.#underway.size;
  }

  add(key: string, one: Shared): void {
    const others = this.#underway.get(key);
    if (others === undefined) this.#underway.set(key, [one]);
    else others.push(one);
  }

  /** Idempotent. */
  remove(key: string, one: Shared): void {
    const all = this.#underway.get(key);
    const at = all?.indexOf(one) ?? -1;
    if (all === undefined || at < 0) return;
    all.splice(at, 1);
    if (all.length === 0) this.#underway.delete(key);
  }

  join(key: string, rider: Rider, stale: StoredAnswer | undefined): boolean {
    return this.#underway.get(key)?.some((one) => one.join(rider, stale)) ?? false;
  }

  isUnderway(key: string, stale: StoredAnswer): boolean {
    return this.#underway.get(key)?.some((one) => one.isAfter(stale)) ?? false;
  }

  /** What is under way may have been made before something changed. */
  spoil(key: string): void {
    for (const one of [...(this.#underway.get(key) ?? [])]) one.spoil();
  }

  hold(bytes: number): boolean {
    if (bytes > 0 && this.#heldBytes + bytes > this.#maxHeldBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** Waiting for an answer under this key has been in vain lately. */
  isAlone(key: string, nowMs: number): boolean {
    const until = this.#aloneUntil.get(key);
    if (until === undefined) return false;
    if (nowMs < until) return true;
    this.#aloneUntil.delete(key);
    return false;
  }

  leaveAlone(key: string, nowMs: number): void {
    if (this.#aloneUntil.size >= mostAlone) {
      for (const oldest of this.#aloneUntil.keys()) {
        this.#aloneUntil.delete(oldest);
        break;
      }
    }
    this.#aloneUntil.delete(key);
    this.#aloneUntil.set(key, nowMs + aloneForMs);
  }

  /** It has turned out to be shared after all. */
  shared(key: string): void {
    this.#aloneUntil.delete(key);
  }
}
