import type { Call } from '@dure/core';
import type { AnyCommand, ReplyData, UnitOfWork } from '@dure/messaging';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Tx } from './transaction.ts';
import { insideOf } from './transaction.ts';

/** A command that was sent from outside. */
export interface Submission {
  readonly id: string;
  readonly type: string;
  /** Who sent it. */
  readonly sender: string;
  /** Undefined while it is not carried out. */
  readonly reply: ReplyData | undefined;
}

/** What whoever sends a command is told at once. */
export interface Taken {
  readonly id: string;
  readonly state: 'pending';
}

/** Commands that come from outside: taken into the service's own log, from where it carries them out itself. */
export interface Submissions {
  /** Takes a command. With an Idempotency-Key, a repetition is the same command, and gets the same answer. */
  submit(call: Call, command: AnyCommand, input: unknown, sender: string): Promise<Taken>;
  find(id: string): Promise<Submission | undefined>;
}

/** Submissions in the database of the service that carries them out. */
export function postgresSubmissions(db: UnitOfWork<Tx> & { readonly read: Kysely<unknown> }): Submissions {
  return {
    submit: (call, command, input, sender) =>
      db.uow<Taken>(call, async (tx) => {
        const { buffer } = insideOf(tx);
        const id = buffer.send(command, input as never);
        const type = `${command.service}.${command.name}`;
        await sql`insert into dure.submission (id, type, sender) values (${id}, ${type}, ${sender})`.execute(tx.db);
        return { id, state: 'pending' };
      }),
    async find(id) {
      const { rows } = await sql<Submission & { reply: ReplyData | null }>`
        select id, type, sender, reply from dure.submission where id = ${id}`.execute(db.read);
      const [row] = rows;
      return row === undefined ? undefined : { ...row, reply: row.reply ?? undefined };
    },
  };
}
