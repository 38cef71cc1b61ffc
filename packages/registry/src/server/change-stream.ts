import type { Clock, Timer } from '@dure/core';
import type { Position } from '../wire/push-stream.ts';
import type { PushFeed } from './push-feed.ts';

/** Options of `ChangeStream`. */
export interface ChangeStreamOptions {
  readonly feed: PushFeed;
  readonly clock: Clock;
  /** Silence after which the subscriber is asked how far it is, so that both sides notice a dead connection. */
  readonly heartbeatMs: number;
  /** How far the subscriber was when its last stream broke. */
  readonly from: Position | undefined;
  /** A ping was handed out. */
  readonly pinged: () => void;
  readonly closed: () => void;
}

/** One subscriber's server-sent events: where it left off or a snapshot, then changes, and pings in between. */
export class ChangeStream implements AsyncIterableIterator<string> {
  readonly #options: ChangeStreamOptions;
  /** How far the subscriber was brought; undefined before its first event. */
  #version: number | undefined;
  #isClosed = false;
  #isAsked = true;
  #beat: Timer | undefined;
  #awake: (() => void) | undefined;

  constructor(options: ChangeStreamOptions) {
    this.#options = options;
  }

  /** There may be something to read. */
  wake(): void {
    this.#awake?.();
  }

  /** Asks the subscriber to acknowledge what it has been told. */
  ask(): void {
    this.#isAsked = true;
    this.#awake?.();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#beat?.cancel();
    this.#awake?.();
    this.#options.closed();
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.#isClosed) {
      const text = this.#take();
      if (text !== '') return { done: false, value: text };
      await this.#sleep();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): string {
    const { feed, from, pinged } = this.#options;
    let text = '';
    if (this.#version === undefined) {
      text = from !== undefined && feed.canResume(from) ? feed.since(from.version) : feed.snapshot();
    } else if (this.#version < feed.version) {
      text = feed.since(this.#version);
    }
    this.#version = feed.version;
    if (!this.#isAsked) return text;
    this.#isAsked = false;
    pinged();
    return text + feed.event('ping', {});
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#awake = () => {
        this.#awake = undefined;
        this.#beat?.cancel();
        resolve();
      };
      this.#beat = this.#options.clock.after(this.#options.heartbeatMs, () => this.ask());
    });
  }
}
