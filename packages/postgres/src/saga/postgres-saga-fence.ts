import { isRefusal } from '@dure/core';
import type { ReplyData } from '@dure/messaging';
import type { SagaFence } from '@dure/saga';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import { attempt } from './attempt.ts';

interface FenceAnswers {
  readonly do_reply: ReplyData | null;
  readonly undo_reply: ReplyData | null;
}

const record = {
  do: 'update dure.saga_fence set do_reply = $3 where saga_id = $1 and step = $2',
  undo: 'update dure.saga_fence set undo_reply = $3 where saga_id = $1 and step = $2',
};

/**
 * A participant's fence in its own database.
 *
 * @example
 * const guard = fenced(postgresSagaFence());
 */
export function postgresSagaFence(): SagaFence<Tx> {
  return {
    async claim(tx, { id, step }) {
      const { rows } = await sql<FenceAnswers>`
        insert into dure.saga_fence (saga_id, step) values (${id}, ${step})
        on conflict (saga_id, step) do update set step = excluded.step
        returning do_reply, undo_reply`.execute(tx.db);
      return { do: rows[0]?.do_reply ?? undefined, undo: rows[0]?.undo_reply ?? undefined };
    },
    record(tx, { id, step, direction }, reply) {
      insideOf(tx).later(record[direction], [id, step, JSON.stringify(reply)]);
    },
    async guarded(tx, work) {
      const outcome = await attempt(insideOf(tx), 'saga_step', work);
      if (outcome.ok) return outcome.value;
      if (!isRefusal(outcome.error)) throw outcome.error;
      return { ok: false, refusal: { code: outcome.error.code, data: outcome.error.data } };
    },
  };
}
