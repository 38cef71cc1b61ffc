import type { Message } from '../message.ts';
import type { RelayMark } from '../relay-store.port.ts';

interface UnderWay {
  readonly position: number;
  /** Epoch milliseconds at which the message was written; undefined for a mark alone. */
  readonly at: number | undefined;
  /** The heads that change with it. */
  readonly head: string | undefined;
  confirmed: boolean;
}

/**
 * What is under way to the broker, and the mark: the highest position below which everything is confirmed. After a failure nothing
 * more is taken, and the mark stays below what failed.
 */
export class RelayWindow {
  readonly #size: number;
  readonly #failed: () => void;
  readonly #line: UnderWay[] = [];
  readonly #running = new Set<Promise<void>>();
  /** With what is under way, and as confirmed. */
  readonly #heads: Map<string, number>;
  readonly #confirmedHeads: Map<string, number>;
  #position: number;
  #next: string | undefined;
  #free: (() => void) | undefined;
  #failure: unknown;

  constructor(mark: RelayMark, size: number, failed: () => void) {
    this.#size = size;
    this.#failed = failed;
    this.#position = mark.position;
    this.#heads = new Map(Object.entries(mark.heads));
    this.#confirmedHeads = new Map(this.#heads);
  }

  get mark(): RelayMark {
    return { position: this.#position, heads: Object.fromEntries(this.#confirmedHeads) };
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** When the oldest message was written that is not confirmed. */
  get oldestAt(): number | undefined {
    return this.#line.find(({ at }) => at !== undefined)?.at;
  }

  /** Resolves when another may be sent. */
  async room(): Promise<void> {
    while (this.#running.size >= this.#size && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#free = resolve;
      });
    }
  }

  /** The position before this one in a lane of a topic; this one is the head from now on. */
  head(name: string, position: number): number {
    const previous = this.#heads.get(name) ?? 0;
    this.#heads.set(name, position);
    this.#next = name;
    return previous;
  }

  /** A message is under way. */
  add({ position, at }: Message, confirmed: Promise<void>): void {
    const one: UnderWay = { position, at, head: this.#next, confirmed: false };
    this.#next = undefined;
    this.#line.push(one);
    const running = confirmed
      .then(
        () => this.#confirm(one),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => {
        this.#running.delete(running);
        this.#free?.();
      });
    this.#running.add(running);
  }

  /** Everything up to here has been sent, or need not be. */
  pass(position: number): void {
    this.#line.push({ position, at: undefined, head: undefined, confirmed: true });
    this.#advance();
  }

  /** Resolves when nothing is under way: a publication that is not answered rejects in time. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #confirm(one: UnderWay): void {
    one.confirmed = true;
    this.#advance();
  }

  #advance(): void {
    for (let first = this.#line[0]; first?.confirmed === true; first = this.#line[0]) {
      this.#line.shift();
      this.#position = Math.max(this.#position, first.position);
      if (first.head !== undefined) this.#confirmedHeads.set(first.head, first.position);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#failed();
  }
}
