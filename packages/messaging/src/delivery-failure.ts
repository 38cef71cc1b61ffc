import type { Random } from '@dure/core';
import { codeOf, messageOf } from '@dure/core';
import type { DeliveryFailure } from './delivery.ts';
import type { Message } from './message.ts';

/** When parked keys are tried again. */
export interface ParkingPolicy {
  /** Tries of a key's first message before it is left alone until somebody asks for it. Default 12. */
  readonly maxAttempts?: number;
  /** The pause before the first try, in milliseconds; each further one is twice as long. Default 1 000. */
  readonly firstDelayMs?: number;
  /** The longest pause, in milliseconds. Default 300 000. */
  readonly maxDelayMs?: number;
}

/** What a failed try comes to. A reply is tried for ever: a saga waits for it, and nobody else would notice. */
export function failureOf(
  error: unknown,
  kind: Message['kind'],
  tries: { readonly attempts: number; readonly at: number; readonly random: Random },
  { maxAttempts = 12, firstDelayMs = 1_000, maxDelayMs = 300_000 }: ParkingPolicy,
): DeliveryFailure {
  const { attempts, at, random } = tries;
  const delayMs = Math.min(firstDelayMs * 2 ** Math.min(attempts - 1, 30), maxDelayMs) * (0.5 + random.next() / 2);
  return {
    code: codeOf(error),
    message: messageOf(error).slice(0, 2_000),
    attempts,
    at,
    nextAt: kind === 'reply' || attempts < maxAttempts ? at + delayMs : undefined,
  };
}
