import type { Call, Clock } from '@dure/core';
import { DureError, userOf } from '@dure/core';
import type { IdempotencyStore } from '@dure/service/server';
import type { Answer } from './connection.ts';
import type { Pool } from './pool.ts';
import type { Statement } from './statement.ts';
import { sweeper } from './sweeper.ts';

/** What a key belongs to: the operation, and whoever sent it. */
export interface KeyOwner {
  readonly operation: string;
  readonly subject: string;
  readonly key: string;
  readonly inputHash: string;
}

/** The owner of a call's key; undefined when the operation is not idempotent by key or the call carries none. */
export function keyOwnerOf(call: Call): KeyOwner | undefined {
  const { operation, idempotencyKey, inputHash } = call;
  if (operation.idempotent !== 'key' || idempotencyKey === undefined) return undefined;
  const sender = userOf(call.identity) ?? call.identity;
  return {
    operation: `${operation.service}.${operation.name}`,
    subject: `${sender.kind}:${sender.subject}`,
    key: idempotencyKey,
    inputHash: inputHash ?? '',
  };
}

/** Claims the key for the transaction that begins. */
export function claimKey({ operation, subject, key }: KeyOwner): Statement {
  return {
    text: 'select state, input_hash, answer from dure.claim_key($1, $2, $3)',
    values: [operation, subject, key],
    name: 'dure.claim-key',
  };
}

/** What a claim found. SERVICE_IDEMPOTENCY_KEY_REUSED when the key was used with another input. */
export function claimed(answer: Answer | undefined, owner: KeyOwner): 'new' | 'busy' | { readonly answer: unknown } {
  const row = answer?.rows[0];
  if (row?.state === 'new' || row?.state === 'busy') return row.state;
  return stored(row, owner);
}

/** Stores the answer with the effect. */
export function storeAnswer(owner: KeyOwner, answer: unknown): Statement {
  return {
    text: 'insert into dure.idempotency (operation, subject, key, input_hash, answer) values ($1, $2, $3, $4, $5)',
    values: [owner.operation, owner.subject, owner.key, owner.inputHash, JSON.stringify(answer) ?? null],
    name: 'dure.store-answer',
  };
}

/** Stored answers, for whoever wants to know before any work begins. */
export function postgresIdempotency(pool: Pool): IdempotencyStore {
  return {
    async recall(call) {
      const owner = keyOwnerOf(call);
      if (owner === undefined) return undefined;
      const connection = await pool.lease(call);
      try {
        const { rows } = await connection.query(
          'select input_hash, answer::text from dure.idempotency where operation = $1 and subject = $2 and key = $3',
          [owner.operation, owner.subject, owner.key],
          'dure.recall',
        );
        return rows[0] === undefined ? undefined : stored(rows[0], owner);
      } finally {
        pool.release(connection);
      }
    },
  };
}

const old = `delete from dure.idempotency where ctid in (
  select ctid from dure.idempotency where at < to_timestamp($1::double precision / 1000) limit $2)`;

/** Forgets answers that are older than `retentionMs`, now and then, behind the back of a unit of work that used a key. */
export function keySweeper(pool: Pool, clock: Clock, retentionMs: number): () => void {
  return sweeper(pool, clock, retentionMs, old);
}

function stored(row: Readonly<Record<string, unknown>> | undefined, owner: KeyOwner): { readonly answer: unknown } {
  if (row?.input_hash !== owner.inputHash) {
    throw new DureError(
      'SERVICE_IDEMPOTENCY_KEY_REUSED',
      'unprocessable',
      `the Idempotency-Key "${owner.key}" was used for ${owner.operation} with another input; send a fresh key for a new request`,
      { details: { operation: owner.operation, key: owner.key } },
    );
  }
  const { answer } = row;
  return { answer: typeof answer === 'string' ? (JSON.parse(answer) as unknown) : undefined };
}
