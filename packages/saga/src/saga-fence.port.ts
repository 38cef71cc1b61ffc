import type { ReplyData, SagaMark } from '@dure/messaging';

/** A command or compensation; whoever asks or tells is not fenced. */
export type FencedMark = SagaMark & { readonly direction: 'do' | 'undo' };

/** What a participant has done about one step of one saga. */
export interface FenceRow {
  /** Its answer to the command, if it was carried out or refused. */
  readonly do: ReplyData | undefined;
  /** Its answer to the compensation. */
  readonly undo: ReplyData | undefined;
}

/** Remembers, in the participant's own transactions, what was done about steps of sagas. */
export interface SagaFence<Tx> {
  /** Reads the row of a step, making it if need be, and keeps it from others until the transaction ends. */
  claim(tx: Tx, mark: FencedMark): Promise<FenceRow>;
  /** Stores the answer with the commit. */
  record(tx: Tx, mark: FencedMark, reply: ReplyData): void;
  /** Runs a handler. When it is refused, all that it did and buffered is taken back and the refusal is the answer. */
  guarded(tx: Tx, work: () => Promise<ReplyData>): Promise<ReplyData>;
}
