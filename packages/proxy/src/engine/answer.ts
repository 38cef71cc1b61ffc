/** Where an answer goes: the client, or something that stands before it, as compression and the cache do. */
export interface Answer {
  /**
   * Begins it, once. `fields` holds names and values in turn, without those that concern a connection only; whoever
   * receives the array owns it. `bodyBytes` is the length of the body as far as it is known.
   */
  begin(status: number, fields: string[], bodyBytes: number | undefined): void;
  /** Sends what there is so far, without waiting for the body. */
  flush(): void;
  /** A piece of the body, good until this returns: whoever keeps it copies it. False: no more before `whenDrained`. */
  write(piece: Buffer): boolean;
  /** Calls back once, when more is taken again; also when nobody takes anything any more. */
  whenDrained(go: () => void): void;
  /** It is complete; `piece`, good until this returns, is the last of its body; trailer fields are names and values in turn. */
  end(piece?: Buffer, trailers?: readonly string[]): void;
  /** It breaks off after it has begun: what was sent must not look whole. */
  abort(): void;
}

/** An answer on its way to the next one. What changes answers extends it and overrides what it changes. */
export class PassingAnswer implements Answer {
  protected readonly next: Answer;

  constructor(next: Answer) {
    this.next = next;
  }

  begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    this.next.begin(status, fields, bodyBytes);
  }

  flush(): void {
    this.next.flush();
  }

  write(piece: Buffer): boolean {
    return this.next.write(piece);
  }

  whenDrained(go: () => void): void {
    this.next.whenDrained(go);
  }

  end(piece?: Buffer, trailers?: readonly string[]): void {
    this.next.end(piece, trailers);
  }

  abort(): void {
    this.next.abort();
  }
}

/** Adds fields, names and values in turn, to an answer. */
export class WithFields extends PassingAnswer {
  readonly #added: readonly string[];

  constructor(next: Answer, added: readonly string[]) {
    super(next);
    this.#added = added;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    fields.push(...this.#added);
    this.next.begin(status, fields, bodyBytes);
  }
}
