import type { Call, Clock, Timer } from '@dure/core';
import { timeLeftMs } from '@dure/core';
import type { Answer, Connection } from './connection.ts';
import { openConnection } from './connection.ts';
import { postgresErrors } from './errors.ts';

export interface PoolOptions {
  readonly url: string;
  /** The service, for `pg_stat_activity` and error messages. */
  readonly name: string;
  readonly clock: Clock;
  /** The most connections. */
  readonly size: number;
  /** The longest wait for a free connection, in milliseconds. */
  readonly waitMs: number;
  /** The most callers that wait; more are turned away at once. */
  readonly maxWaiting: number;
}

/** A few sessions, shared. Whoever asks when all are in use waits in line: for a limited time, in a line of limited length. */
export interface Pool {
  /**
   * A session to oneself until it is released. POSTGRES_POOL_BUSY when the wait is too long, POSTGRES_CANCELLED or
   * POSTGRES_DEADLINE when the call ends first, POSTGRES_CONNECT_FAILED.
   */
  lease(call: Call | undefined): Promise<Connection>;
  /** Gives it back; a broken one is replaced when the next is needed. */
  release(connection: Connection): void;
  /** How many are open, in use, waited for. */
  readonly state: { readonly open: number; readonly busy: number; readonly waiting: number };
  /** Turns away whoever waits, waits for what is in use, closes everything. */
  close(): Promise<void>;
}

interface Waiter {
  readonly give: (connection: Connection) => void;
  readonly fail: (error: unknown) => void;
}

const connectTimeoutMs = 5_000;

/** One statement, on any free connection. */
export async function leased(
  pool: Pool,
  text: string,
  values: readonly unknown[] | undefined,
  name?: string,
): Promise<Answer> {
  const connection = await pool.lease(undefined);
  try {
    return await connection.query(text, values, name);
  } finally {
    pool.release(connection);
  }
}

/** Opens a pool; connections are made when they are first needed. */
export function openPool(options: PoolOptions): Pool {
  return new ConnectionPool(options);
}

class ConnectionPool implements Pool {
  readonly #options: PoolOptions;
  /** The one used last is used next, so that few connections stay warm. */
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Waiter>();
  #open = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get state() {
    return { open: this.#open, busy: this.#open - this.#idle.length, waiting: this.#waiting.size };
  }

  async lease(call: Call | undefined): Promise<Connection> {
    if (this.#closed) throw this.#closedError();
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.broken) return idle;
      this.#open -= 1;
    }
    if (this.#open < this.#options.size) return this.#connect();
    return this.#wait(call);
  }

  release(connection: Connection): void {
    if (connection.broken) {
      this.#open -= 1;
      this.#replace();
    } else if (this.#closed) {
      this.#open -= 1;
      void connection.close();
    } else {
      const [next] = this.#waiting;
      if (next === undefined) this.#idle.push(connection);
      else next.give(connection);
    }
    if (this.#open === 0) this.#drained?.();
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const waiter of this.#waiting) waiter.fail(this.#closedError());
      const idle = this.#idle.splice(0);
      this.#open -= idle.length;
      await Promise.all(idle.map((connection) => connection.close()));
    }
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }

  async #connect(): Promise<Connection> {
    this.#open += 1;
    const { url, name } = this.#options;
    let connection: Connection | undefined;
    const onLost = () => this.#forget(connection);
    try {
      connection = await openConnection({ url, name, timeoutMs: connectTimeoutMs, onLost });
      return connection;
    } catch (error) {
      this.#open -= 1;
      if (this.#open === 0) {
        for (const waiter of this.#waiting) waiter.fail(error);
        this.#drained?.();
      }
      throw error;
    }
  }

  /** Drops a connection that was lost while nobody used it. */
  #forget(connection: Connection | undefined): void {
    const at = connection === undefined ? -1 : this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#open -= 1;
  }

  /** Opens a connection for the first in line, in place of a broken one. */
  #replace(): void {
    if (this.#waiting.size === 0 || this.#closed) return;
    this.#connect().then(
      (connection) => this.release(connection),
      (error) => {
        for (const first of this.#waiting) return first.fail(error);
      },
    );
  }

  #wait(call: Call | undefined): Promise<Connection> {
    const { clock, waitMs, maxWaiting, size, name } = this.#options;
    if (this.#waiting.size >= maxWaiting) {
      throw postgresErrors.POOL_BUSY(
        `all ${size} connections of ${name} are in use and ${maxWaiting} callers wait already`,
        { details: { size, waiting: maxWaiting } },
      );
    }
    const leftMs = call === undefined ? Number.POSITIVE_INFINITY : timeLeftMs(call, clock);
    const forMs = Math.min(waitMs, leftMs);
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const signal = call?.signal;
      const leave = () => {
        timer?.cancel();
        signal?.removeEventListener('abort', aborted);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        give: (connection) => {
          leave();
          resolve(connection);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const aborted = () =>
        waiter.fail(postgresErrors.CANCELLED(`the caller left while it waited for a connection of ${name}`));
      if (signal?.aborted === true) {
        aborted();
        return;
      }
      signal?.addEventListener('abort', aborted, { once: true });
      timer = clock.after(forMs, () =>
        waiter.fail(
          forMs < waitMs
            ? postgresErrors.DEADLINE(`the deadline passed while the call waited for a connection of ${name}`)
            : postgresErrors.POOL_BUSY(
                `all ${size} connections of ${name} have been in use for ${waitMs} ms, with ${this.#waiting.size} callers waiting`,
                { details: { size, waitMs, waiting: this.#waiting.size } },
              ),
        ),
      );
      this.#waiting.add(waiter);
    });
  }

  #closedError(): Error {
    return postgresErrors.CONNECTION_LOST(`the database of ${this.#options.name} is closed, because the service stops`);
  }
}
