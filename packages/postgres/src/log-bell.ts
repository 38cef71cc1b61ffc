import type { Clock, Timer } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { Connection } from './connection.ts';
import { openConnection } from './connection.ts';

/** The other processes that write to a log. */
export interface Companions {
  /** Whether there are any, as far as this process knows. */
  readonly present: boolean;
  /** Tells when that may have changed. Returns the unsubscriber. */
  onChange(told: () => void): () => void;
}

export interface LogBellOptions {
  /** A secret. */
  readonly url: string;
  readonly service: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug'>;
  readonly companions: Companions;
  /** Another process has committed messages. */
  readonly heard: () => void;
}

/** Tells the other processes of a service that its log has grown, so that they look at once. */
export interface LogBell {
  /** This process has committed messages. */
  ring(): void;
  close(): Promise<void>;
}

/** Who hears the bell looks often for longer than this: more would tell nobody anything. */
const quietMs = 20;
const retryMs = 5_000;
const timeoutMs = 5_000;

/**
 * Opens a bell. It is only a hint, which costs a poll when it is lost. It rings by `NOTIFY` after the commit, on a session of its own that waits for no
 * disk and at most once in 20 ms: within the transaction it would make all commits of the server go one after the other. Without companions there
 * is no session and nothing is sent.
 */
export function logBell(options: LogBellOptions): LogBell {
  return new Bell(options);
}

class Bell implements LogBell {
  readonly #options: LogBellOptions;
  readonly #unsubscribe: () => void;
  #session: Connection | undefined;
  #opening: Promise<void> | undefined;
  #timer: Timer | undefined;
  #again = false;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: LogBellOptions) {
    this.#options = options;
    this.#unsubscribe = options.companions.onChange(() => this.#adjust());
    this.#adjust();
  }

  ring(): void {
    if (this.#session === undefined) return;
    if (this.#timer !== undefined) {
      this.#again = true;
      return;
    }
    this.#session.query('notify dure_log').catch(() => undefined);
    this.#timer = this.#options.clock.after(quietMs, () => {
      this.#timer = undefined;
      const again = this.#again;
      this.#again = false;
      if (again) this.ring();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#retry?.cancel();
    await this.#opening;
    await this.#leave();
  }

  #adjust(): void {
    const isWanted = this.#options.companions.present && !this.#closed;
    if (!isWanted) void this.#leave();
    else if (this.#session === undefined && this.#retry === undefined) this.#opening ??= this.#open();
  }

  async #open(): Promise<void> {
    const { url, service, clock, log, heard } = this.#options;
    try {
      const session = await openConnection({
        url,
        name: `${service} bell`,
        timeoutMs,
        onLost: () => this.#lost(),
        onNotification: heard,
      });
      await session.query('set synchronous_commit = off; listen dure_log');
      this.#session = session;
      // Who committed before it listened has rung for nobody.
      heard();
    } catch (error) {
      log.debug('the bell cannot be heard at the moment; what others commit is seen a little later', { error });
      this.#retry = clock.after(retryMs, () => this.#retryNow());
    }
    this.#opening = undefined;
    if (this.#closed || !this.#options.companions.present) await this.#leave();
  }

  #lost(): void {
    this.#session = undefined;
    if (!this.#closed) this.#retry ??= this.#options.clock.after(retryMs, () => this.#retryNow());
  }

  #retryNow(): void {
    this.#retry = undefined;
    this.#adjust();
  }

  async #leave(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}
