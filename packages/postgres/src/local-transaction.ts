import type { Clock } from '@dure/core';
import type { BufferedMessage, StreamMark } from '@dure/messaging';
import type { Answer, Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { isRefusedByServer } from './sql-state.ts';

/** A statement; one with a name is planned once for each session. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name?: string;
}

/** How a transaction begins that needs nothing special. */
export const plainBegin = 'begin isolation level read committed';

/** A COMMIT that takes longer is given up; its outcome is unknown then. */
const commitTimeoutMs = 15_000;
const rollbackTimeoutMs = 1_000;

/** One transaction on one connection. Its BEGIN makes no journey of its own: it travels with the first statement. */
export class LocalTransaction {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #begin: () => string;
  #begun = false;

  constructor(connection: Connection, clock: Clock, begin: () => string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#begin = begin;
  }

  get broken(): boolean {
    return this.#connection.broken;
  }

  query(text: string, values?: readonly unknown[], name?: string): Promise<Answer> {
    if (this.#begun) return this.#connection.query(text, values, name);
    return this.#connection.together(() => {
      this.#start();
      return this.#connection.query(text, values, name);
    });
  }

  /** Sends several statements in one packet. */
  all(statements: readonly Statement[]): Promise<readonly Answer[]> {
    return Promise.all(this.#connection.together(() => this.#send(statements)));
  }

  /**
   * Sends statements, messages and the COMMIT in one packet; returns the position of the last message, if there is one.
   * POSTGRES_ROLLED_BACK when an earlier failure was overlooked, POSTGRES_CONNECTION_LOST when the COMMIT was not sent, POSTGRES_OUTCOME_UNKNOWN when its answer is lost.
   */
  async commit(statements: readonly Statement[], messages: readonly BufferedMessage[]): Promise<number | undefined> {
    const connection = this.#connection;
    if (connection.broken) throw postgresErrors.CONNECTION_LOST('the connection was lost before the COMMIT was sent');
    const last = messages.length === 0 ? statements : [...statements, flush(messages), ...snapshots(messages)];
    if (!this.#begun && last.length === 0) return undefined;
    // A statement by itself is a transaction by itself.
    const isAlone = !this.#begun && last.length === 1 && this.#begin() === plainBegin;
    const sent = connection.together(() =>
      isAlone ? last.map(this.#query) : [...this.#send(last), connection.query('commit')],
    );
    const timer = this.#clock.after(commitTimeoutMs, () => connection.abandon());
    const settled = await Promise.allSettled(sent);
    timer.cancel();
    judge(settled, isAlone);
    const flushed = messages.length === 0 ? undefined : settled[statements.length];
    return flushed?.status === 'fulfilled' ? (flushed.value.rows[0]?.flush as number | undefined) : undefined;
  }

  async rollBack(): Promise<void> {
    const connection = this.#connection;
    if (connection.broken || !this.#begun) return;
    const timer = this.#clock.after(rollbackTimeoutMs, () => connection.abandon());
    try {
      await connection.query('rollback');
    } catch {
      connection.abandon();
    } finally {
      timer.cancel();
    }
  }

  #start(): void {
    this.#begun = true;
    // If it fails, the session is lost, and so is every statement behind it.
    this.#connection.query(this.#begin()).catch(() => undefined);
  }

  #send(statements: readonly Statement[]): Promise<Answer>[] {
    if (!this.#begun) this.#start();
    return statements.map(this.#query);
  }

  readonly #query = ({ text, values, name }: Statement): Promise<Answer> => this.#connection.query(text, values, name);
}

/** Whether a COMMIT happened; PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which something failed. */
function judge(settled: readonly PromiseSettledResult<Answer>[], isAlone: boolean): void {
  const commit = settled.at(-1);
  const failure = settled.find((one) => one.status === 'rejected');
  if (commit?.status === 'fulfilled') {
    if (isAlone || commit.value.command === 'COMMIT') return;
    if (failure !== undefined) throw failure.reason;
    throw postgresErrors.ROLLED_BACK(
      'a statement of the unit of work failed, its error was not passed on, and so nothing was committed',
    );
  }
  if (failure !== undefined && isRefusedByServer(failure.reason)) throw failure.reason;
  throw postgresErrors.OUTCOME_UNKNOWN(
    'the connection broke after the COMMIT had been sent and before its answer came',
    { cause: commit?.reason },
  );
}

function flush(messages: readonly BufferedMessage[]): Statement {
  const heads = headsOf(messages);
  const counts = new Map<string, number>();
  const rows = messages.map((message) => {
    if (message.stream === undefined) return rowOf(message);
    const n = (counts.get(message.stream.name) ?? 0) + 1;
    counts.set(message.stream.name, n);
    return rowOf(message, n);
  });
  const values = [`[${rows.join(',')}]`, heads.length === 0 ? null : JSON.stringify(heads)];
  return { text: 'select dure.flush($1::jsonb, $2::jsonb)', values, name: 'dure.flush' };
}

/** Each stream once: what was expected of it by the first of its messages, and how many there are. */
function headsOf(messages: readonly BufferedMessage[]) {
  const heads = new Map<string, { stream: string; expected: string; count: number }>();
  for (const { stream } of messages) {
    if (stream === undefined) continue;
    const head = heads.get(stream.name);
    if (head === undefined) heads.set(stream.name, { stream: stream.name, expected: `${stream.expected}`, count: 1 });
    else head.count += 1;
  }
  return [...heads.values()];
}

function snapshots(messages: readonly BufferedMessage[]): readonly Statement[] {
  const kept = messages.flatMap(({ stream }) =>
    stream?.snapshot === undefined ? [] : [snapshotOf(stream.name, stream.snapshot)],
  );
  if (kept.length === 0) return [];
  return [{ text: 'select dure.save_snapshots($1::jsonb)', values: [JSON.stringify(kept)], name: 'dure.snapshots' }];
}

function snapshotOf(stream: string, { version, codeVersion, state }: NonNullable<StreamMark['snapshot']>) {
  return { stream, version, code_version: codeVersion, state };
}

/** A message as `dure.flush` takes it; `n` says which one of its stream's it is, from 1. */
export function rowOf(message: BufferedMessage, n?: number): string {
  const { json, id, at, kind, type, version, key, destination, meta, stream } = message;
  const of = { id, at, kind: kind.charAt(0), type, version, key, dest: destination, meta, stream: stream?.name, n };
  return `${JSON.stringify(of).slice(0, -1)},"data":${json}}`;
}
