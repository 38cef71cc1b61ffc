import type { Message, PayloadClaim, PayloadStore } from '@dure/messaging';
import { claimIn, messagingErrors, redeemed } from '@dure/messaging';
import type { Answer } from '../connection.ts';
import type { Pool } from '../pool.ts';
import { leased } from '../pool.ts';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';

type Query = (text: string, values: readonly unknown[], name: string) => Promise<Answer>;

/** Large data in a service's own database. */
export function postgresPayloadStore(pool: Pool): PayloadStore {
  return { read: (claim) => chunks(claim, (text, values, name) => leased(pool, text, values, name)) };
}

/** A message of the service's own log with its data, read inside a transaction: for a follower, which holds its connection already. */
export async function wholeWithin<Tables>(message: Message, tx: Tx<Tables>): Promise<Message> {
  const claim = claimIn(message);
  if (claim === undefined) return message;
  const { query } = insideOf(tx);
  return redeemed(message, chunks(claim, query));
}

/** One query for each chunk, so that no connection is held while the reader is slow. */
async function* chunks({ sha256, bytes }: PayloadClaim, query: Query): AsyncIterable<string> {
  const text = 'select chunk from dure.payload_chunk where sha256 = $1 and n = $2';
  for (let n = 0, sent = 0; sent < bytes; n += 1) {
    const chunk = (await query(text, [sha256, n], 'dure.payload')).rows[0]?.chunk as string | undefined;
    if (chunk === undefined)
      throw messagingErrors.CLAIM_GONE(`the data ${sha256} are not there any more`, { details: { sha256 } });
    yield chunk;
    sent += Buffer.byteLength(chunk);
  }
}
