import type { SagaMark } from '@dure/messaging';

/** Keeps, in the participant's own transactions, which saga holds which resource. */
export interface ClaimStore<Tx> {
  /** Claims all of them, or answers with the id of a saga that holds one. What was claimed is undone by the caller. */
  claim(tx: Tx, mark: SagaMark, resources: readonly string[]): Promise<string | undefined>;
  /** Gives up what a saga claimed by a step, or by all of them. */
  release(tx: Tx, saga: string, step?: string): Promise<void>;
  /** Gives up what was claimed before that time, epoch milliseconds, and says how many; for sagas of whose end nobody told. */
  sweep(tx: Tx, before: number): Promise<number>;
}
