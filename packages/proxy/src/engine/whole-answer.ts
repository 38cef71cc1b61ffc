import { gatewayErrors } from '../errors.ts';
import type { Answer } from './answer.ts';
import { PassingAnswer } from './answer.ts';

/** An answer that was rewritten as a whole. */
export interface RewrittenAnswer {
  readonly status: number;
  readonly fields: string[];
  readonly body: Buffer;
}

/** Makes another answer of a whole one, or leaves it as it is; may throw. `fields` holds names and values in turn. */
export type Rewrite = (status: number, fields: readonly string[], body: Buffer) => RewrittenAnswer | undefined;

export interface WholeAnswerOptions {
  /** A longer body is GATEWAY_UPSTREAM_INVALID, in bytes. */
  readonly longest: number;
  readonly rewrite: Rewrite;
  /** Answers instead, when the answer cannot be had whole or `rewrite` throws. */
  readonly refuse: (error: unknown) => void;
}

/** Holds an answer back until it is whole, and then sends what is made of it. */
export class WholeAnswer extends PassingAnswer {
  readonly #options: WholeAnswerOptions;
  readonly #pieces: Buffer[] = [];
  #status = 0;
  #fields: string[] = [];
  #bytes = 0;
  #given = false;

  constructor(next: Answer, options: WholeAnswerOptions) {
    super(next);
    this.#options = options;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (this.#given) {
      this.next.begin(status, fields, bodyBytes);
      return;
    }
    this.#status = status;
    this.#fields = fields;
  }

  override flush(): void {
    // Nothing can be sent yet.
  }

  override write(piece: Buffer): boolean {
    this.#bytes += piece.length;
    if (this.#bytes <= this.#options.longest) this.#pieces.push(Buffer.from(piece));
    return true;
  }

  override end(piece?: Buffer): void {
    if (this.#given) {
      this.next.end(piece);
      return;
    }
    if (piece !== undefined) this.write(piece);
    if (this.#bytes > this.#options.longest) {
      this.#refuse(gatewayErrors.UPSTREAM_INVALID('the answer is too long to be rewritten'));
      return;
    }
    this.#given = true;
    const body = Buffer.concat(this.#pieces);
    try {
      const rewritten = this.#options.rewrite(this.#status, this.#fields, body);
      const { status, fields, body: sent } = rewritten ?? { status: this.#status, fields: this.#fields, body };
      this.next.begin(status, fields, sent.length);
      this.next.end(sent);
    } catch (error) {
      this.#refuse(error);
    }
  }

  override abort(): void {
    if (this.#given) this.next.abort();
    else this.#refuse(gatewayErrors.UPSTREAM_CLOSED('the answer broke off'));
  }

  #refuse(error: unknown): void {
    this.#given = true;
    this.#options.refuse(error);
  }
}
