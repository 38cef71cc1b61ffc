import type { PayloadClaim } from './message.ts';

/** Data of messages that are too large to travel in them, in the database of the service that wrote them. */
export interface PayloadStore {
  /** The data, chunk by chunk. MESSAGING_CLAIM_GONE when they have been dropped with their messages. */
  read(claim: PayloadClaim): AsyncIterable<string>;
}
