import type { Answer } from '../engine/answer.ts';
import type { Asked } from './asked.ts';
import { BodyReader } from './body-reader.ts';
import type { CacheRequest } from './cache-request.ts';

/** A request that waits for a flight's answer. */
export interface Rider {
  readonly request: CacheRequest;
  readonly asked: Asked;
}

/** What becomes of a flight's answer, once its head has come. */
export type Course =
  /** It goes to the riders as it comes. */
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly bodyBytes: number | undefined;
      /** The fields for one rider. */
      readonly fieldsFor: (isFirst: boolean) => string[];
      /** Whether a rider other than the first may have it. */
      readonly isFor: (rider: Rider) => boolean;
      /** Takes the whole body; undefined when it is not to be kept. */
      readonly keep: ((body: Buffer) => void) | undefined;
    }
  /** The riders get something else, which needs nothing more of it. */
  | { readonly kind: 'instead'; readonly answer: (rider: Rider, isFirst: boolean) => void };

/** Decides about flights. */
export interface FlightControl {
  readonly maxObjectBytes: number;
  /** The head has come; names and values in turn. */
  onHead(flight: Flight, status: number, fields: readonly string[], bodyBytes: number | undefined): Course;
  /** So many more bytes are to be held until the body is whole; false: not now. Negative: they are let go. */
  hold(bytes: number): boolean;
  /** No more riders: it has ended, or what it brings cannot be shared. */
  onClosed(flight: Flight): void;
  /** A rider that this flight has nothing for. */
  again(rider: Rider): void;
}

type Phase = 'waiting' | 'streaming' | 'swallowing' | 'over';

/** Up to this length, in bytes, a body that nobody wants is read to its end, so that its connection stays usable. */
const longestSwallowed = 65_536;

/**
 * One request to a service and everybody who waits for its answer. While the answer is kept, the service is never slowed
 * down by a slow rider; what it has not taken waits for it. When it is not kept, nothing is held: the slowest sets the pace.
 */
export class Flight implements Answer {
  readonly #control: FlightControl;
  readonly #first: Rider | undefined;
  readonly #readers = new Map<Rider, BodyReader | undefined>();
  #phase: Phase = 'waiting';
  #course: (Course & { readonly kind: 'stream' }) | undefined;
  #kept: Buffer[] | undefined;
  #keptBytes = 0;
  #isSpoilt = false;
  #isFlushed = false;
  #cancel: (() => void) | undefined;
  #go: (() => void) | undefined;

  /** Without a first rider it goes on for its own sake. */
  constructor(control: FlightControl, first: Rider | undefined) {
    this.#control = control;
    this.#first = first;
    if (first !== undefined) this.#board(first);
  }

  /** Says what ends the request. */
  started(cancel: () => void): void {
    this.#cancel = cancel;
  }

  /** Takes one more, if what it brings may be, or is, for it. */
  join(rider: Rider): boolean {
    if (this.#phase === 'waiting') {
      this.#board(rider);
      return true;
    }
    if (this.#phase !== 'streaming' || this.#kept === undefined || this.#course?.isFor(rider) !== true) return false;
    this.#board(rider);
    const reader = this.#begin(rider, this.#course);
    for (const piece of this.#kept) reader.offer(piece, piece);
    return true;
  }

  /** What it brings may be out of date: it goes to who waits for it, and is not kept. */
  spoil(): void {
    this.#isSpoilt = true;
    this.#unkeep();
  }

  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const course = this.#control.onHead(this, status, fields, bodyBytes);
    if (course.kind === 'instead') {
      this.#answerInstead(course.answer, bodyBytes);
      return;
    }
    this.#phase = 'streaming';
    this.#course = course;
    if (course.keep !== undefined && !this.#isSpoilt) this.#kept = [];
    const others: Rider[] = [];
    for (const rider of [...this.#readers.keys()]) {
      if (rider === this.#first || course.isFor(rider)) this.#begin(rider, course);
      else others.push(rider);
    }
    for (const rider of others) this.#readers.delete(rider);
    if (this.#kept === undefined) this.#control.onClosed(this);
    for (const rider of others) this.#control.again(rider);
    if (this.#first !== undefined && this.#readers.size === 0) this.#giveUp();
  }

  flush(): void {
    this.#isFlushed = true;
    for (const rider of this.#readers.keys()) rider.request.answer.flush();
  }

  write(piece: Buffer): boolean {
    if (this.#phase !== 'streaming') return true;
    const kept = this.#keep(piece);
    for (const reader of this.#readers.values()) reader?.offer(piece, kept);
    return this.#kept !== undefined || this.#areFree();
  }

  whenDrained(go: () => void): void {
    this.#go = go;
    this.#resume();
  }

  end(piece?: Buffer): void {
    if (this.#phase !== 'streaming') {
      this.#over();
      return;
    }
    const kept = piece === undefined || piece.length === 0 ? undefined : this.#keep(piece);
    if (this.#kept !== undefined) this.#course?.keep?.(joined(this.#kept, this.#keptBytes));
    const readers = [...this.#readers.values()];
    this.#over();
    for (const reader of readers) reader?.end(piece, kept);
  }

  abort(): void {
    const readers = [...this.#readers];
    this.#over();
    for (const [rider, reader] of readers) {
      if (reader === undefined) rider.request.answer.abort();
      else reader.abort();
    }
  }

  #board(rider: Rider): void {
    this.#readers.set(rider, undefined);
    rider.request.onLeave(() => this.#leave(rider));
  }

  #leave(rider: Rider): void {
    const reader = this.#readers.get(rider);
    if (!this.#readers.delete(rider)) return;
    reader?.stop();
    if (this.#first === undefined || this.#readers.size > 0) this.#resume();
    else if (this.#phase !== 'swallowing') this.#giveUp();
  }

  #begin(rider: Rider, { status, bodyBytes, fieldsFor }: Course & { readonly kind: 'stream' }): BodyReader {
    const { answer } = rider.request;
    const reader = new BodyReader(answer, () => this.#resume());
    this.#readers.set(rider, reader);
    answer.begin(status, fieldsFor(rider === this.#first), bodyBytes);
    if (this.#isFlushed) answer.flush();
    return reader;
  }

  #answerInstead(answer: (rider: Rider, isFirst: boolean) => void, bodyBytes: number | undefined): void {
    this.#phase = 'swallowing';
    const riders = [...this.#readers.keys()];
    this.#readers.clear();
    this.#control.onClosed(this);
    for (const rider of riders) answer(rider, rider === this.#first);
    if (bodyBytes === undefined || bodyBytes > longestSwallowed) this.#giveUp();
  }

  /** Keeps a piece, as long as all of them together are not too many. */
  #keep(piece: Buffer): Buffer | undefined {
    if (this.#kept === undefined) return undefined;
    if (this.#keptBytes + piece.length > this.#control.maxObjectBytes || !this.#control.hold(piece.length)) {
      this.#unkeep();
      return undefined;
    }
    const copy = Buffer.from(piece);
    this.#kept.push(copy);
    this.#keptBytes += piece.length;
    return copy;
  }

  #unkeep(): void {
    this.#control.hold(-this.#keptBytes);
    this.#kept = undefined;
    this.#keptBytes = 0;
    if (this.#course !== undefined) this.#course = { ...this.#course, keep: undefined };
    this.#control.onClosed(this);
  }

  #areFree(): boolean {
    for (const reader of this.#readers.values()) if (reader?.isFree === false) return false;
    return true;
  }

  #resume(): void {
    if (this.#go === undefined || !this.#areFree()) return;
    const go = this.#go;
    this.#go = undefined;
    go();
  }

  /** Nobody waits for it. Not at once: the request may be in the midst of telling something. */
  #giveUp(): void {
    this.#over();
    queueMicrotask(() => this.#cancel?.());
  }

  #over(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#unkeep();
    this.#readers.clear();
  }
}

/** One buffer of its own: a slice of a shared one would keep the rest of that alive. */
function joined(pieces: readonly Buffer[], bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const piece of pieces) at += piece.copy(body, at);
  return body;
}
