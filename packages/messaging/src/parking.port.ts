import type { Message } from './message.ts';

/** Keeps what cannot be handled out of the way: the key waits, in order, and all other keys go on. */
export interface Parking<Tx> {
  /** Puts those messages aside whose key is parked for this consumer, and returns the others; in the effect's transaction. */
  setAside(consumer: string, messages: readonly Message[], tx: Tx): Promise<readonly Message[]>;
  /** Parks the key of a message that has failed too often, and puts the message aside. */
  park(consumer: string, message: Message, error: unknown, tx: Tx): Promise<void>;
}
