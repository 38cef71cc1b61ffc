import { createHash } from 'node:crypto';
import type { Call } from '@dure/core';
import { plainOperation } from '@dure/core';
import type { AskStore, AskWish, Message, ReplyData, UnitOfWork } from '@dure/messaging';
import type { Pool } from '../pool.ts';
import { leased } from '../pool.ts';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';

/** For how long outcomes can be asked for, in days; those that are older are swept by the way, a few at a time. */
const keptDays = 14;
const sweep = `delete from dure.submission where id in (
  select id from dure.submission where at < dure.now() - make_interval(days => ${keptDays}) limit 3)`;

/** What a service asks, in its own database. `isWithinUnit` tells whether a unit of work of a call is open. */
export function postgresAskStore(
  pool: Pool,
  { uow }: UnitOfWork<Tx>,
  isWithinUnit: (call: Call) => boolean,
): AskStore<Tx> {
  const rings = new Set<() => void>();
  return {
    isWithinUnit,
    send(call, wish) {
      const { command } = wish;
      const type = `${command.service}.${command.name}`;
      // The call's own key belongs to the operation that asks: its unit of work is another.
      const sending = call.with({
        operation: plainOperation(call.operation.service, `ask ${type}`),
        idempotencyKey: undefined,
      });
      return uow(sending, (tx) => sent(tx, wish, type, keyOf(call, type, wish.input)));
    },
    async replies(ids) {
      const text = 'select id, reply from dure.submission where id = any($1) and reply is not null';
      const { rows } = await leased(pool, text, [ids], 'dure.replies');
      return new Map(rows.map(({ id, reply }) => [id as string, reply as ReplyData]));
    },
    onReply(ring) {
      rings.add(ring);
      return () => void rings.delete(ring);
    },
    async settle(reply, tx) {
      const settled = await settle(reply, tx);
      if (settled === 'kept') for (const ring of rings) ring();
      return settled;
    },
  };
}

async function sent(tx: Tx, { command, input, until }: AskWish, type: string, key: string | null): Promise<string> {
  const { buffer, query } = insideOf(tx);
  const restore = buffer.checkpoint();
  const id = buffer.send(command, input, until);
  const values = [id, type, key, until];
  const claim = 'select dure.claim_ask($1, $2, $3, to_timestamp($4::float8 / 1000)) as known';
  const known = (await query(claim, values, 'dure.claim-ask')).rows[0]?.known as string | null;
  if (known === null) return id;
  restore();
  return known;
}

async function settle({ data, meta }: Message, tx: Tx): Promise<'kept' | 'late' | 'unasked'> {
  const { query } = insideOf(tx);
  const text = 'select dure.settle_submission($1, $2) as settled';
  const { rows } = await query(text, [meta.inReplyTo, JSON.stringify(data)], 'dure.settle-submission');
  await query(sweep, [], 'dure.sweep-submissions');
  return rows[0]?.settled as 'kept' | 'late' | 'unasked';
}

/** The same command of the same caller under the same key; null for a call without one. */
function keyOf({ idempotencyKey, operation, identity }: Call, type: string, input: unknown): string | null {
  if (idempotencyKey === undefined) return null;
  const { service, name } = operation;
  const parts = [service, name, identity.kind, identity.subject, idempotencyKey, type, input];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
