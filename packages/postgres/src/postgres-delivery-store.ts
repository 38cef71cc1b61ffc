import { formatTraceparent, isRefusal } from '@dure/core';
import type { DeliveryStore, Message, MessageCause, ReplyData } from '@dure/messaging';
import type { Statement } from './local-transaction.ts';
import type { Pool } from './pool.ts';
import type { Tx } from './transaction.ts';
import type { OpenUnit, UnitKit } from './unit-of-work.ts';
import { runUnit } from './unit-of-work.ts';

/** Moves the position if it lies behind. The row stays locked until the commit, so a rival waits and then finds it moved. */
const moveTo = `insert into dure.source as s (source, pos) values ($1, $2)
  on conflict (source) do update set pos = excluded.pos, changed_at = dure.now() where s.pos < excluded.pos`;

/** Applies messages exactly once: the position moves in the transaction of the effect. */
export function postgresDeliveryStore(kit: UnitKit, pool: Pool): DeliveryStore<Tx> {
  return {
    async position(source) {
      const connection = await pool.lease(undefined);
      try {
        const { rows } = await connection.query('select pos from dure.source where source = $1', [source]);
        return (rows[0]?.pos as number | undefined) ?? 0;
      } finally {
        pool.release(connection);
      }
    },
    async skipTo(source, position) {
      const connection = await pool.lease(undefined);
      try {
        await connection.query(moveTo, [source, position], 'dure.move-to');
      } finally {
        pool.release(connection);
      }
    },
    deliver(message, call, effect) {
      return runUnit<'applied' | 'duplicate'>(kit, call, {
        name: `deliver ${message.type}`,
        cause: (inner) => causeOfMessage(message, formatTraceparent(inner.trace)),
        opening: [...moved(message), ...(message.kind === 'command' ? [savepoint] : [])],
        decide: ([answer]) => (answer?.rowCount === 1 ? undefined : { value: 'duplicate' }),
        work: async (tx, unit) => {
          const reply = message.kind === 'command' ? await refusable(tx, unit, effect) : await effect(tx);
          if (reply !== undefined) unit.buffer.reply(message, reply);
          return 'applied';
        },
      });
    },
  };
}

const savepoint: Statement = { text: 'savepoint effect', values: [] };

function moved(message: Message): readonly Statement[] {
  return [{ text: moveTo, values: [message.source, message.position], name: 'dure.move-to' }];
}

/** A refusal takes back what the handler did, and is the reply; the position moves all the same. */
async function refusable(
  tx: Tx,
  { local, discard }: OpenUnit,
  effect: (tx: Tx) => Promise<ReplyData | undefined>,
): Promise<ReplyData | undefined> {
  try {
    return await effect(tx);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await local.query('rollback to savepoint effect');
    discard();
    return { ok: false, refusal: { code: error.code, data: error.data } };
  }
}

/** Whatever a delivered message leads to belongs to its flow and names it as the cause. */
function causeOfMessage({ id, meta }: Message, traceparent: string): MessageCause {
  return { correlation: meta.correlation, causation: id, traceparent };
}
