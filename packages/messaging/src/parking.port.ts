import type { DeliveryFailure } from './delivery.ts';
import type { Message } from './message.ts';
import type { ParkedKeys } from './parked-keys.port.ts';

/** Keeps what a follower cannot handle out of the way: the key waits, in order, and all other keys go on. */
export interface Parking<Tx> {
  /** Puts those messages aside whose key is parked under this name, and returns the others; in the effect's transaction. */
  setAside(source: string, messages: readonly Message[], tx: Tx): Promise<readonly Message[]>;
  /** Parks the key of a message that has failed too often, and puts the message aside. */
  park(source: string, message: Message, failure: DeliveryFailure, tx: Tx): Promise<void>;
  /** What was parked. */
  readonly parked: ParkedKeys<Tx>;
}
