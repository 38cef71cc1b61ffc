import type { Answer } from './answer.ts';

/** An answer as it was collected. */
export interface CollectedAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  /** Undefined when it was longer than what is kept. */
  readonly body: Buffer | undefined;
}

/** Keeps an answer for whoever wants it whole; what is longer than `longest` is counted as kept by nobody. */
export class CollectingAnswer implements Answer {
  readonly #longest: number;
  readonly #done: (answer: CollectedAnswer | undefined) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #fields: string[] = [];

  /** `done` hears the answer, or undefined when it broke off or none came. */
  constructor(longest: number, done: (answer: CollectedAnswer | undefined) => void) {
    this.#longest = longest;
    this.#done = done;
  }

  begin(status: number, fields: string[]): void {
    this.#status = status;
    this.#fields = fields;
  }

  flush(): void {
    // Nobody reads along.
  }

  write(piece: Buffer): boolean {
    this.#bytes += piece.length;
    if (this.#bytes <= this.#longest) this.#pieces.push(Buffer.from(piece));
    else this.#pieces = [];
    return true;
  }

  whenDrained(go: () => void): void {
    go();
  }

  end(piece?: Buffer): void {
    if (piece !== undefined) this.write(piece);
    const body = this.#bytes > this.#longest ? undefined : Buffer.concat(this.#pieces);
    this.#done({ status: this.#status, fields: this.#fields, body });
  }

  abort(): void {
    this.#done(undefined);
  }
}
