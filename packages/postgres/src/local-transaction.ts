import type { Clock } from '@dure/core';
import type { BufferedMessage } from '@dure/messaging';
import { commitAnswer } from './commit-answer.ts';
import type { Answer, Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { flush, snapshots } from './flush.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Statement } from './statement.ts';

/** How a transaction begins that needs nothing special. */
export const plainBegin = 'begin isolation level read committed';

const rollbackTimeoutMs = 1_000;

/** One transaction on one connection. Its BEGIN makes no journey of its own: it travels with the first statement. */
export class LocalTransaction {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #begin: () => string;
  readonly #group: GroupCommit;
  #begun = false;

  constructor(connection: Connection, clock: Clock, begin: () => string, group: GroupCommit) {
    this.#connection = connection;
    this.#clock = clock;
    this.#begin = begin;
    this.#group = group;
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
   * POSTGRES_CONNECTION_LOST when the COMMIT was not sent; otherwise as `commitAnswer` says.
   */
  async commit(statements: readonly Statement[], messages: readonly BufferedMessage[]): Promise<number | undefined> {
    const connection = this.#connection;
    if (connection.broken) throw postgresErrors.CONNECTION_LOST('the connection was lost before the COMMIT was sent');
    const isPlain = !this.#begun && this.#begin() === plainBegin;
    // Messages by themselves go with those of others, and a statement by itself is a transaction by itself.
    const appended = isPlain && statements.length === 0 ? this.#group.append(connection, messages) : undefined;
    if (appended !== undefined) return appended;
    const last = withMessages(statements, messages);
    if (!this.#begun && last.length === 0) return undefined;
    const isAlone = isPlain && last.length === 1;
    const sent = connection.together(() =>
      isAlone ? last.map(this.#query) : [...this.#send(last), connection.query('commit')],
    );
    const settled = await commitAnswer(connection, this.#clock, sent, isAlone);
    const flushed = messages.length === 0 ? undefined : settled[statements.length];
    return flushed?.status === 'fulfilled' ? positionIn(flushed.value) : undefined;
  }

  /** Sends statements and messages without a COMMIT, which may follow at once; resolves with the position of the last message. */
  async append(statements: readonly Statement[], messages: readonly BufferedMessage[]): Promise<number | undefined> {
    const answers = await this.all(withMessages(statements, messages));
    return messages.length === 0 ? undefined : positionIn(answers[statements.length]);
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

/** The statements, and behind them what appends the messages. */
function withMessages(statements: readonly Statement[], messages: readonly BufferedMessage[]): readonly Statement[] {
  return messages.length === 0 ? statements : [...statements, flush(messages), ...snapshots(messages)];
}

function positionIn(flushed: Answer | undefined): number | undefined {
  return flushed?.rows[0]?.flush as number | undefined;
}
