import type { Call } from '@dure/core';
import type { Message, ReplyData } from './message.ts';

/** Applies messages from other services' logs, each exactly once. */
export interface DeliveryStore<Tx> {
  /** The position in the source's log up to which this consumer has applied everything; 0 at first. */
  position(source: string): Promise<number>;
  /**
   * Runs `effect` and moves the position in one transaction; a message at or below the stored position is a
   * duplicate and nothing runs. A returned reply is appended in that transaction and addressed to the source.
   */
  deliver(
    message: Message,
    call: Call,
    effect: (tx: Tx) => Promise<ReplyData | undefined>,
  ): Promise<'applied' | 'duplicate'>;
  /** Moves the position over messages that were none of this consumer's business. */
  skipTo(source: string, position: number): Promise<void>;
}
