import type { Call } from '@dure/core';
import type { BatchEffect, Delivery, DeliveryFailure, DeliveryWay, Effect } from './delivery.ts';
import type { DeliveryOperations } from './delivery-operations.port.ts';
import type { Message } from './message.ts';
import type { ParkedKeys } from './parked-keys.port.ts';

/**
 * What became of a delivery. `parked`: an earlier message of its key waits, and it was put behind it. `paused`: somebody
 * has paused the source, and nothing happened.
 */
export type DeliveryOutcome = 'applied' | 'duplicate' | 'parked' | 'paused';

/** How far a consumer has got in a stream. */
export interface StreamReached {
  /** As `position` says it. */
  readonly position: number;
  /** As `era` says it. */
  readonly era: string | undefined;
}

/** Applies messages from other services, each exactly once. */
export interface DeliveryStore<Tx> {
  /** The position in the stream up to which this consumer has applied or parked everything; 0 at first. */
  position(stream: string): Promise<number>;
  /** How far each of several streams is, and in which era it was last read. */
  reached(streams: readonly string[]): Promise<readonly StreamReached[]>;
  /**
   * Runs `effect` and remembers the message, by position or id, in one transaction; of a duplicate nothing runs. A returned reply
   * is appended in that transaction and addressed to the sender; a command that is a duplicate by its id is answered again as it
   * was. A message whose key is parked is stored behind those that wait, in place of running `effect`. MESSAGING_POSITION_LOST.
   */
  deliver(message: Message, call: Call, effect: Effect<Tx>, way?: DeliveryWay): Promise<DeliveryOutcome>;
  /**
   * Several messages of one stream, which is told by position, in one transaction: each with its effect, one after the other and as
   * `deliver` would, so that each sees what those before it have written. If one of them fails, nothing has happened to any, and the answer is
   * undefined; whoever wants to know which it was delivers them one by one. Their time is that of the first one's call.
   */
  deliverTogether?(
    deliveries: readonly Delivery<Tx>[],
    way?: Omit<DeliveryWay, 'by'>,
  ): Promise<readonly DeliveryOutcome[] | undefined>;
  /** Moves the position over messages that were none of this consumer's business; with an era only while the stream is in that. */
  skipTo(stream: string, position: number, era?: string): Promise<void>;
  /** The era in which the stream was last read; undefined at first. */
  era(stream: string): Promise<string | undefined>;
  /** Remembers the era, before anything of it is applied. */
  enterEra(stream: string, era: string): Promise<void>;
}

/** Deliveries that can also be recognised by id, made in batches, and parked, so that those of one key keep their order. */
export interface ParkingDeliveryStore<Tx> extends DeliveryStore<Tx> {
  /**
   * Several messages of one stream in one transaction, none of them a command: `effect` is given those that are new, in their
   * order. If it fails, nothing has happened to any; whoever wants to know which it was delivers them one by one.
   */
  deliverBatch(
    messages: readonly Message[],
    call: Call,
    effect: BatchEffect<Tx>,
    way?: DeliveryWay,
  ): Promise<readonly DeliveryOutcome[]>;
  /** Stores a message that cannot be applied, with its key, and remembers it as settled, in one transaction. */
  park(message: Message, failure: DeliveryFailure, way?: DeliveryWay): Promise<Exclude<DeliveryOutcome, 'applied'>>;
  /** How long ids are kept, in milliseconds: a message that comes again later is applied again. */
  readonly idsKeptMs: number;
  /** What was parked. */
  readonly parked: ParkedKeys<Tx>;
  readonly operations: DeliveryOperations;
}
