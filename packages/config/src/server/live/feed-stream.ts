import type { FeedMessage } from '../../wire/change-feed.ts';
import { feedEvent } from '../../wire/change-feed.ts';

const mostQueued = 32;

/**
 * One instance's server-sent events. Only the latest version and the latest wish to be watched wait for a slow reader; of
 * checks and events of the bus, the newest few.
 */
export class FeedStream implements AsyncIterableIterator<string> {
  #version: FeedMessage | undefined;
  #watch: FeedMessage | undefined;
  readonly #queue: FeedMessage[] = [];
  #text = ':\n\n';
  #isClosed = false;
  #awake: (() => void) | undefined;
  readonly #closed: () => void;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  put(message: FeedMessage): void {
    if (message.kind === 'version') this.#version = message;
    else if (message.kind === 'watch') this.#watch = message;
    else {
      this.#queue.push(message);
      if (this.#queue.length > mostQueued) this.#queue.shift();
    }
    this.#awake?.();
  }

  /** A comment, so that both sides notice a dead connection. */
  beat(): void {
    this.#text = ':\n\n';
    this.#awake?.();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#awake?.();
    this.#closed();
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    while (!this.#isClosed) {
      const text = this.#take();
      if (text !== '') return { done: false, value: text };
      await new Promise<void>((resolve) => {
        this.#awake = resolve;
      });
      this.#awake = undefined;
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
    const messages = [this.#watch, this.#version, ...this.#queue.splice(0)];
    const text =
      this.#text + messages.flatMap((message) => (message === undefined ? [] : [feedEvent(message)])).join('');
    this.#version = undefined;
    this.#watch = undefined;
    this.#text = '';
    return text;
  }
}
