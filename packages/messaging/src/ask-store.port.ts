import type { Call } from '@dure/core';
import type { AnyCommand } from './command.ts';
import type { Message, ReplyData } from './message.ts';

/** A command that is to be asked. */
export interface AskWish {
  readonly command: AnyCommand;
  readonly input: unknown;
  /** When whoever waits gives up, in epoch milliseconds; after that the command is not carried out any more. */
  readonly until: number;
}

/** Keeps what was asked and what was answered, so that any process of the service may get the reply, and none is lost with its asker. */
export interface AskStore<Tx> {
  /**
   * Sends a command in a transaction of its own, which is over when this resolves with the command's id. With an Idempotency-Key in
   * the call, a repetition with the same input is the same command, unless that came too late to be carried out.
   */
  send(call: Call, wish: AskWish): Promise<string>;
  /** The replies to those of these commands that have been answered. */
  replies(ids: readonly string[]): Promise<ReadonlyMap<string, ReplyData>>;
  /** Rings when a reply is being delivered in this process: it is there in a moment. Returns the unsubscriber. */
  onReply(ring: () => void): () => void;
  /** Whether a unit of work or a delivery of this call is open. */
  isWithinUnit(call: Call): boolean;
  /**
   * Writes a reply down, in the transaction of its delivery. `late`: whoever waited has given up; it is kept for a repetition.
   * `unasked`: nobody waits for replies to that command.
   */
  settle(reply: Message, tx: Tx): Promise<'kept' | 'late' | 'unasked'>;
}
