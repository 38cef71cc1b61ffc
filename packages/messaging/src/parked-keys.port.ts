import type { Call } from '@dure/core';
import type { DeliveryFailure, Effect } from './delivery.ts';
import type { Message } from './message.ts';

/** A message that waits, first among those of its key or behind others. */
export interface ParkedMessage {
  /** The order in which the messages of a key came. */
  readonly number: number;
  /** How often somebody has corrected it. */
  readonly revision: number;
  readonly source: string;
  readonly key: string;
  /** Tries that have failed since the key was parked, or since its last message was applied. */
  readonly attempts: number;
  /** What is to be applied: as it came, or as somebody has corrected it. */
  readonly message: Message;
}

/** How a source's deliveries stand. */
export interface DeliveryStanding {
  /** Who has paused the source, when and why. */
  readonly paused: Intervention | undefined;
  /** Keys that are parked. */
  readonly keys: number;
  /** Of these, keys that are not tried any more before somebody asks for it. */
  readonly stopped: number;
  /** Parked keys at whose head a reply waits, and with it a saga. */
  readonly replies: number;
  /** When the first of them was parked, in epoch milliseconds. */
  readonly since: number | undefined;
  /** When the next is to be tried, in epoch milliseconds. */
  readonly nextAt: number | undefined;
}

/** Something that an operator did: who, why, and when in epoch milliseconds. */
export interface Intervention {
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** Keys whose messages wait in order, because the first of them cannot be applied. */
export interface ParkedKeys<Tx> {
  standing(source: string): Promise<DeliveryStanding>;
  /** Keys that are to be tried at this time, at most `limit`, the one that has waited longest first. */
  due(source: string, now: number, limit: number): Promise<readonly string[]>;
  /** The message that a key waits for; undefined when the key is not parked. */
  first(source: string, key: string): Promise<ParkedMessage | undefined>;
  /**
   * Runs `effect` and takes the message away in one transaction; with the last one the key is free again. `elsewhere`: it is not
   * the first any more, was changed since it was read, or is being applied by somebody else; nothing ran.
   */
  apply(parked: ParkedMessage, call: Call, effect: Effect<Tx>): Promise<'applied' | 'elsewhere'>;
  /** Notes that a try has failed; nothing when another has tried since `parked` was read. */
  failed(parked: ParkedMessage, failure: DeliveryFailure): Promise<void>;
}
