import type { Call } from '@dure/core';
import type { Message, ReplyData } from './message.ts';

/** What a message does, inside the transaction of its delivery. */
export type Effect<Tx> = (tx: Tx) => Promise<ReplyData | undefined>;

/** What several messages do together, inside the transaction of their delivery. */
export type BatchEffect<Tx> = (tx: Tx, messages: readonly Message[]) => Promise<void>;

/** A message, what it does, and for whom. */
export interface Delivery<Tx> {
  readonly message: Message;
  readonly call: Call;
  readonly effect: Effect<Tx>;
}

/** Why a message could not be applied, and when its key is tried again. */
export interface DeliveryFailure {
  readonly code: string | undefined;
  readonly message: string;
  /** Tries of the key's first message that have failed so far. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** When to try again, in epoch milliseconds; undefined: not before somebody asks for it. */
  readonly nextAt: number | undefined;
}

/** How a message is recognised when it comes again. */
export interface DeliveryWay {
  /**
   * `position`: the stream is ordered, and what is not beyond the stored position has been settled; it takes one row for ever.
   * `id`: it is not (RabbitMQ, a request); each id is kept for as long as it may come again. Default `position`.
   */
  readonly by?: 'position' | 'id' | undefined;
  /** The stream in which the message came, such as a topic's partition. Default: the service whose message it is. */
  readonly stream?: string | undefined;
  /**
   * A position of the stream that was stored before, by the same consumer: MESSAGING_POSITION_LOST when the stored one is behind it. Default 0.
   */
  readonly after?: number | undefined;
  /** The name under which its keys are parked and it is paused, where operators see several streams as one. Default: the stream. */
  readonly parkedAs?: string | undefined;
}
