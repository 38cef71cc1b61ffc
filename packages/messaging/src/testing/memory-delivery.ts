import type { Call } from '@dure/core';
import { isRefusal } from '@dure/core';
import type { DeliveryWay, Effect } from '../delivery.ts';
import type { DeliveryOutcome } from '../delivery-store.port.ts';
import type { Message, ReplyData } from '../message.ts';
import type { MessageBuffer, MessageCause } from '../message-buffer.ts';
import { causeOf } from '../message-buffer.ts';
import type { MemoryTx, StagedTx } from './memory-tx.ts';

/** What is found of a message that comes. */
export type Taken = 'new' | Exclude<DeliveryOutcome, 'applied'>;

/** Whatever a message leads to belongs to its flow. */
export function causedBy(message: Message, call: Call): MessageCause {
  return { ...causeOf(call), correlation: message.meta.correlation, causation: message.id };
}

/** How a message's stream is called, and what of it is parked. */
export interface Names {
  readonly stream: string;
  readonly parkedAs: string;
}

export function namesOf({ source }: Message, { stream = source, parkedAs = stream }: DeliveryWay): Names {
  return { stream, parkedAs };
}

/** By position a stream is one line; by id only the same message has to wait. */
export function lockOf(message: Message, way: DeliveryWay): string {
  const { stream, parkedAs } = namesOf(message, way);
  return way.by === 'id' ? `inbox ${nameOf(parkedAs, message.id)}` : `source ${stream}`;
}

/** Two names as one. */
export function nameOf(source: string, key: string): string {
  return JSON.stringify([source, key]);
}

/** Carries out what a message does; a refused command leaves nothing but its reply. */
export async function answered(
  message: Message,
  tx: StagedTx,
  buffer: MessageBuffer,
  effect: Effect<MemoryTx>,
): Promise<ReplyData | undefined> {
  let reply: ReplyData | undefined;
  try {
    reply = await effect(tx);
  } catch (error) {
    if (!isRefusal(error) || message.kind !== 'command') throw error;
    buffer.discard();
    tx.staged.clear();
    reply = { ok: false, refusal: { code: error.code, data: error.data } };
  }
  if (reply !== undefined) buffer.reply(message, reply);
  return reply;
}
