import type { Call } from '@dure/core';

/** Answers that were stored together with the effects of idempotent-by-key operations. */
export interface IdempotencyStore {
  /**
   * The stored answer for the call's key and operation; undefined when there is none yet.
   * Rejects with SERVICE_IDEMPOTENCY_KEY_REUSED when the key was used with another input.
   */
  recall(call: Call): Promise<{ readonly answer: unknown } | undefined>;
}
