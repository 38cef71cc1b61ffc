import type { Call } from '@dure/core';
import type { MessageBuffer, MessageCause } from '../message-buffer.ts';
import type { Outbox, Scheduling } from '../unit-of-work.port.ts';

/** A unit of work in memory: an outbox, and values by key that are kept with the commit. */
export interface MemoryTx extends Outbox, Scheduling {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** A transaction that holds back what it sets until its commit. */
export interface StagedTx extends MemoryTx {
  readonly staged: Map<string, unknown>;
  /** What else its commit does. */
  readonly closing: (() => void)[];
}

/** What the memory database lends its deliveries. */
export interface MemoryUnits {
  /** Runs a unit of work, `within` another or by itself; `closing` belongs to its commit, and may refuse it. */
  run<T>(
    call: Call,
    cause: MessageCause,
    work: (tx: StagedTx, buffer: MessageBuffer) => Promise<T>,
    closing: () => boolean,
    within?: StagedTx,
  ): Promise<T>;
  /** Lets one at a time through for each name. */
  locked<T>(name: string, work: () => Promise<T>): Promise<T>;
}
