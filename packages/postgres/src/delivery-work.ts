import { formatTraceparent, isRefusal } from '@dure/core';
import type { Effect, Message, MessageCause, ReplyData } from '@dure/messaging';
import type { Statement } from './statement.ts';
import type { Tx } from './transaction.ts';
import type { OpenUnit } from './unit-kit.ts';

/** What a delivery begins with: the claim, and for a command the point to which a refusal goes back. */
export function openingOf(message: Message, claim: Statement): readonly Statement[] {
  return message.kind === 'command' ? [claim, { text: 'savepoint effect', values: [] }] : [claim];
}

/** Carries out what a message does; the reply is addressed to its sender, and returned. */
export async function carryOut(
  message: Message,
  effect: Effect<Tx>,
  tx: Tx,
  unit: OpenUnit,
): Promise<ReplyData | undefined> {
  const reply = message.kind === 'command' ? await refusable(tx, unit, effect) : await effect(tx);
  if (reply !== undefined) unit.buffer.reply(message, reply);
  return reply;
}

/** A refusal takes back what the handler did, and is the reply; the position moves all the same. */
async function refusable(tx: Tx, unit: OpenUnit, effect: Effect<Tx>): ReturnType<Effect<Tx>> {
  try {
    return await effect(tx);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await unit.local.query('rollback to savepoint effect');
    unit.discard();
    return { ok: false, refusal: { code: error.code, data: error.data } };
  }
}

/** Whatever a delivered message leads to belongs to its flow and names it as the cause. */
export function causeOfMessage({ id, meta }: Message) {
  return (call: { readonly trace: Parameters<typeof formatTraceparent>[0] }): MessageCause => ({
    correlation: meta.correlation,
    causation: id,
    traceparent: formatTraceparent(call.trace),
  });
}
