import type { Answer } from '../engine/answer.ts';

/** Brings a body to one answer as fast as that takes it; what it does not take yet waits here. */
export class BodyReader {
  readonly #answer: Answer;
  readonly #onFree: () => void;
  #waiting: Buffer[] = [];
  /** The first of those that wait. */
  #next = 0;
  #isHeld = false;
  #isWhole = false;
  #isOver = false;

  /** `onFree` is called when everything that waited has been taken. */
  constructor(answer: Answer, onFree: () => void = () => {}) {
    this.#answer = answer;
    this.#onFree = onFree;
  }

  /** Nothing waits, and more is taken; also when nothing will be any more. */
  get isFree(): boolean {
    return this.#isOver || (!this.#isHeld && this.#waiting.length === 0);
  }

  /** A piece, good until this returns; `kept` is the same for longer, if anybody has it. */
  offer(piece: Buffer, kept?: Buffer): void {
    if (this.#isOver) return;
    if (this.isFree) this.#write(piece);
    else this.#waiting.push(kept ?? Buffer.from(piece));
  }

  /** The body is whole; `piece` is its last, good until this returns. */
  end(piece?: Buffer, kept?: Buffer): void {
    if (this.#isOver) return;
    if (this.isFree) {
      this.#finish(piece);
      return;
    }
    if (piece !== undefined && piece.length > 0) this.#waiting.push(kept ?? Buffer.from(piece));
    this.#isWhole = true;
  }

  /** It will never be whole. */
  abort(): void {
    if (this.#isOver) return;
    this.stop();
    this.#answer.abort();
  }

  /** Nobody takes anything any more. */
  stop(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#next = 0;
    this.#onFree();
  }

  #write(piece: Buffer): void {
    if (this.#answer.write(piece)) return;
    this.#isHeld = true;
    this.#answer.whenDrained(() => this.#drained());
  }

  /** May be called while it runs: an answer may take more before `whenDrained` returns. */
  #drained(): void {
    this.#isHeld = false;
    while (this.#next < this.#waiting.length && !this.#isHeld && !this.#isOver) {
      const piece = this.#waiting[this.#next] as Buffer;
      this.#next += 1;
      if (this.#isWhole && this.#next === this.#waiting.length) this.#finish(piece);
      else this.#write(piece);
    }
    if (this.#next < this.#waiting.length || this.#isHeld || this.#isOver) return;
    this.#waiting = [];
    this.#next = 0;
    if (this.#isWhole) this.#finish(undefined);
    this.#onFree();
  }

  #finish(piece: Buffer | undefined): void {
    this.stop();
    this.#answer.end(piece);
  }
}

/** The size of the pieces in which a long body goes to a client that may be slow, in bytes. */
const pieceBytes = 65_536;

/** Sends a body that is there as a whole; of a long one no more at a time than the client takes. */
export function sendBody(answer: Answer, body: Buffer): void {
  if (body.length <= pieceBytes) {
    answer.end(body);
    return;
  }
  const reader = new BodyReader(answer);
  for (let from = 0; from < body.length; from += pieceBytes) {
    const piece = body.subarray(from, from + pieceBytes);
    if (from + pieceBytes >= body.length) reader.end(piece, piece);
    else reader.offer(piece, piece);
  }
}
