import { connect as openSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { postgresErrors } from './errors.ts';
import { endsSession, sqlStateOf } from './sql-state.ts';
import { valueTypes } from './value-types.ts';

/** What a statement answers. */
export interface Answer {
  /** The command tag's first word: `SELECT`, `COMMIT`, `ROLLBACK`. */
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * One session with PostgreSQL. Statements are sent at once, without waiting for the answers of those before
 * (pipelined), and are carried out in order.
 */
export interface Connection {
  /** Sends a statement; a named one is parsed and planned once for the session. */
  query(text: string, values?: readonly unknown[], name?: string): Promise<Answer>;
  /** Sends everything that `send` sends as one packet. */
  together<T>(send: () => T): T;
  /** Whether the session is lost or was given up. */
  readonly broken: boolean;
  /** Whether it ended though nobody gave it up: what changes nothing may be asked of another. */
  readonly lost: boolean;
  /**
   * Gives the session up: asks the server to cancel what runs, and closes. Never to be used again, because the
   * cancellation might hit a later statement.
   */
  abandon(): void;
  /** Says goodbye. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Called once when the session is lost without anybody having closed it. */
  readonly onLost: () => void;
  /** Called when another session notifies a channel that this one listens to. */
  readonly onNotification?: () => void;
}

/** Opens a session. POSTGRES_CONNECT_FAILED when the server cannot be reached or refuses. */
export async function openConnection(options: ConnectOptions): Promise<Connection> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: options.name,
    connectionTimeoutMillis: options.timeoutMs,
    keepAlive: true,
    pipeline: true,
    types: valueTypes,
    options: '-c timezone=UTC',
  } as pg.ClientConfig);
  const session = new Session(client, options);
  try {
    await client.connect();
  } catch (cause) {
    throw connectFailed(options.url, cause);
  }
  return session;
}

/** What of pg's client its types do not show. */
interface Inside {
  readonly processID: number;
  readonly secretKey: number;
  readonly host: string;
  readonly port: number;
  readonly connection: { readonly stream: Pick<Duplex, 'cork' | 'uncork' | 'destroy' | 'destroyed'> };
}

class Session implements Connection {
  readonly #client: pg.Client;
  readonly #inside: Inside;
  #broken = false;
  #lost = false;
  #closing = false;

  constructor(client: pg.Client, options: ConnectOptions) {
    this.#client = client;
    this.#inside = client as unknown as Inside;
    const lost = () => {
      if (this.#broken) return;
      this.#broken = true;
      if (this.#closing) return;
      this.#lost = true;
      options.onLost();
    };
    client.on('notification', ({ processId }) => {
      if (processId !== this.#inside.processID) options.onNotification?.();
    });
    client.on('error', lost);
    client.on('end', lost);
  }

  get broken(): boolean {
    return this.#broken;
  }

  get lost(): boolean {
    return this.#lost;
  }

  async query(text: string, values?: readonly unknown[], name?: string): Promise<Answer> {
    const config = { text, ...(values === undefined ? {} : { values: values as unknown[] }) };
    try {
      const result = await this.#client.query(name === undefined ? config : { ...config, name });
      return { command: result.command, rowCount: result.rowCount ?? 0, rows: result.rows };
    } catch (error) {
      // A table changed under a planned statement, by a migration: the session is replaced, and the plans with it.
      const isStale = name !== undefined && sqlStateOf(error) === '0A000';
      if (!this.#broken && (isStale || endsSession(error) || this.#inside.connection.stream.destroyed)) {
        this.#lost = true;
        this.abandon();
      }
      throw error;
    }
  }

  together<T>(send: () => T): T {
    const { stream } = this.#inside.connection;
    stream.cork();
    try {
      return send();
    } finally {
      stream.uncork();
    }
  }

  abandon(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#closing = true;
    const { host, port, processID, secretKey, connection } = this.#inside;
    requestCancel(host, port, processID, secretKey, () => connection.stream.destroy());
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#broken = true;
    await this.#client.end().catch(() => undefined);
  }
}

/** The CancelRequest message of the protocol; the server takes it on a connection of its own, without a password. */
function requestCancel(host: string, port: number, processId: number, secret: number, done: () => void): void {
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(80_877_102, 4);
  packet.writeInt32BE(processId, 8);
  packet.writeInt32BE(secret, 12);
  const socket = host.startsWith('/') ? openSocket(`${host}/.s.PGSQL.${port}`) : openSocket(port, host);
  socket.setTimeout(2_000, () => socket.destroy());
  socket.on('connect', () => socket.end(packet));
  socket.on('error', () => undefined);
  socket.on('close', done);
  socket.resume();
  socket.unref();
}

function connectFailed(url: string, cause: unknown): Error {
  const { host, pathname, username } = new URL(url);
  const message = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
  return postgresErrors.CONNECT_FAILED(
    `PostgreSQL at ${host} did not accept "${username}" for database "${pathname.slice(1)}": ${message}`,
    { cause, retryable: true, details: { host, database: pathname.slice(1), user: username } },
  );
}
