import type { Clock, Timer } from '@dure/core';
import { messagingErrors } from './errors.ts';
import type { LaneRange } from './lane.ts';
import type { Message } from './message.ts';
import { matcher } from './message-filter.ts';
import type { LogPage, MessageFilter, MessageLog } from './message-log.port.ts';

/** How a tail waits and how much it remembers. */
export interface LogTailOptions {
  readonly log: MessageLog;
  readonly clock: Clock;
  /** Told when the log cannot be read; the tail goes on trying. */
  readonly onError?: (error: unknown) => void;
  /** Poll interval while messages come, in milliseconds. Default 2. */
  readonly busyMs?: number;
  /** Longest poll interval, in milliseconds: what a message of another process waits at most. Default 250. */
  readonly idleMs?: number;
  /** How many of the newest messages are kept, so that followers need no query of their own. Default 1 000. */
  readonly keep?: number;
}

/**
 * Follows one log for any number of readers, with one poll for all of them. It asks often while messages come,
 * ever more seldom when none do, at once when this process commits, and not at all while nobody follows.
 */
export interface LogTail {
  /**
   * Pages after a position (`'now'`: the log's end, asked for at once), for ever: each holds the messages that fit the
   * filter and the mark to go on from. Ends when the signal aborts. A reader who is slow holds nobody up.
   * What becomes visible after that answer is never missed, however late the first page is asked for; what does between the call and
   * the answer may be: whoever must not miss it takes a position from `end` first.
   * `lanes` narrows it to keys in those lanes. MESSAGING_LOG_WENT_BACK.
   */
  follow(
    after: number | 'now',
    filter: MessageFilter | 'all',
    signal: AbortSignal,
    lanes?: LaneRange,
  ): AsyncIterable<LogPage>;
  /** The present end of the log: everything that was committed before the call stands at or before it. */
  end(): Promise<number>;
  /** How far the tail has looked. */
  readonly mark: number;
  /** MESSAGING_LOG_WENT_BACK, once that has been found: it serves nobody any more. */
  readonly wentBack: Error | undefined;
  /** Ends every follower. */
  close(): void;
}

const pageSize = 500;

/** Opens a tail; it costs nothing until somebody follows. */
export function logTail(options: LogTailOptions): LogTail {
  const tail = new Tail(options);
  return {
    follow: (after, filter, signal, lanes) => tail.follow(after, filter, signal, lanes),
    end: () => options.log.advance(),
    get mark() {
      return tail.mark;
    },
    get wentBack() {
      return tail.wentBack;
    },
    close: () => tail.close(),
  };
}

class Tail {
  readonly #log: MessageLog;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #busyMs: number;
  readonly #idleMs: number;
  readonly #keep: number;
  /** The newest messages, all those in `(#floor, #mark]`. */
  #recent: Message[] = [];
  #floor = 0;
  #mark = 0;
  #followers = 0;
  #wentBack: Error | undefined;
  #closed = false;
  #polling = false;
  #rung = false;
  #endPause: (() => void) | undefined;
  #waiting: (() => void)[] = [];

  constructor({ log, clock, onError, busyMs = 2, idleMs = 250, keep = 1_000 }: LogTailOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#onError = onError ?? (() => undefined);
    this.#busyMs = busyMs;
    this.#idleMs = idleMs;
    this.#keep = keep;
  }

  get mark(): number {
    return this.#mark;
  }

  get wentBack(): Error | undefined {
    return this.#wentBack;
  }

  follow(
    after: number | 'now',
    filter: MessageFilter | 'all',
    signal: AbortSignal,
    lanes?: LaneRange,
  ): AsyncIterable<LogPage> {
    // "Now" is when it is asked for, not when the first page is: what a reader looks up in between is not missed.
    const start = after === 'now' ? this.#log.advance() : Promise.resolve(after);
    start.catch(() => undefined);
    return this.#pages(start, signal, filter, lanes);
  }

  async *#pages(
    start: Promise<number>,
    signal: AbortSignal,
    filter: MessageFilter | 'all',
    lanes: LaneRange | undefined,
  ): AsyncIterable<LogPage> {
    const wants = matcher(filter, lanes);
    this.#followers += 1;
    const wake = () => this.#wakeAll();
    signal.addEventListener('abort', wake, { once: true });
    try {
      let position = await start;
      while (!signal.aborted && !this.#closed) {
        if (this.#wentBack !== undefined) throw this.#wentBack;
        this.#startPolling();
        if (position >= this.#mark) {
          await this.#news(signal);
        } else if (position >= this.#floor) {
          const mark = this.#mark;
          const messages = newerThan(this.#recent, position).filter(wants);
          position = mark;
          yield { messages, mark };
        } else {
          const page = await this.#log.read(position, filter, pageSize, this.#mark, lanes);
          position = page.mark;
          yield page;
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#followers -= 1;
      if (this.#followers === 0) this.#endPause?.();
    }
  }

  close(): void {
    this.#closed = true;
    this.#endPause?.();
    this.#wakeAll();
  }

  #news(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #startPolling(): void {
    if (this.#polling || this.#closed) return;
    this.#polling = true;
    void this.#poll();
  }

  async #poll(): Promise<void> {
    const unsubscribe = this.#log.onAppend(() => {
      this.#rung = true;
      this.#endPause?.();
    });
    let pauseMs = this.#busyMs;
    let failures = 0;
    this.#recent = [];
    this.#floor = this.#mark;
    while (this.#followers > 0 && !this.#closed) {
      const rung = this.#rung;
      this.#rung = false;
      try {
        const moved = await this.#look();
        pauseMs = moved || rung ? this.#busyMs : Math.min(pauseMs * 1.5, this.#idleMs);
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = Math.min(this.#idleMs * 2 ** failures, 5_000);
        if (!this.#closed) this.#onError(error);
      }
      if (this.#rung) continue;
      await this.#pause(pauseMs);
    }
    unsubscribe();
    this.#polling = false;
  }

  /** Takes in what has become safe; whether anything has. */
  async #look(): Promise<boolean> {
    const safe = await this.#log.advance();
    if (safe < this.#mark) this.#refuse(safe);
    if (this.#wentBack !== undefined) throw this.#wentBack;
    if (safe === this.#mark) return false;
    // After a pause, or at the start, followers catch up from the log itself: only what comes now is kept.
    if (this.#recent.length === 0 && this.#mark === this.#floor && safe - this.#mark > this.#keep) {
      this.#floor = safe;
      this.#mark = safe;
    }
    while (this.#mark < safe) {
      const page = await this.#log.read(this.#mark, 'all', pageSize, safe);
      this.#remember(page);
      this.#wakeAll();
    }
    this.#wakeAll();
    return true;
  }

  /** What this process knows of the log is of another one: whoever went on with it would skip what is written now. */
  #refuse(safe: number): void {
    this.#wentBack ??= messagingErrors.LOG_WENT_BACK(
      `the log ends at ${safe}, but this process has read it up to ${this.#mark}: its database was restored, or has lost its newest part`,
      { details: { end: safe, read: this.#mark } },
    );
    this.#wakeAll();
  }

  #remember({ messages, mark }: LogPage): void {
    this.#recent.push(...messages);
    this.#mark = mark;
    const excess = this.#recent.length - this.#keep;
    if (excess < this.#keep / 2) return;
    this.#floor = this.#recent[excess - 1]?.position ?? this.#floor;
    this.#recent.splice(0, excess);
  }

  #pause(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      this.#endPause = () => {
        timer?.cancel();
        this.#endPause = undefined;
        resolve();
      };
      timer = this.#clock.after(forMs, this.#endPause);
    });
  }
}

/** The messages after a position; they are in order, so the first is found by halving. */
function newerThan(messages: readonly Message[], position: number): readonly Message[] {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return messages.slice(low);
}
