import type { Answer } from './answer.ts';
import { PassingAnswer } from './answer.ts';
import { isStreamAnswer } from './answer-fields.ts';
import type { CollectedAnswer } from './collected-answer.ts';
import { CollectingAnswer } from './collected-answer.ts';

/** Passes an answer on and keeps a copy of it, unless it is a stream. */
export class TeeAnswer extends PassingAnswer {
  readonly #done: (answer: CollectedAnswer | 'stream' | undefined) => void;
  #copy: Answer | undefined;

  constructor(next: Answer, longest: number, done: (answer: CollectedAnswer | 'stream' | undefined) => void) {
    super(next);
    this.#done = done;
    this.#copy = new CollectingAnswer(longest, done);
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (isStreamAnswer(fields)) {
      this.#copy = undefined;
      this.#done('stream');
    }
    this.#copy?.begin(status, [...fields], bodyBytes);
    this.next.begin(status, fields, bodyBytes);
  }

  override write(piece: Buffer): boolean {
    this.#copy?.write(piece);
    return this.next.write(piece);
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    this.next.end(piece, trailers);
    this.#copy?.end(piece);
  }

  override abort(): void {
    this.next.abort();
    this.#copy?.abort();
  }
}
