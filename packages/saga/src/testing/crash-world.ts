import type { ReplyData } from '@dure/messaging';
import type { StepDirection } from '../change.ts';
import type { SagaInstance } from '../instance.ts';
import type { FenceRow } from '../saga-fence.port.ts';

/** A message on its way. */
export interface Underway {
  readonly to: 'participant' | 'engine';
  readonly step: string;
  readonly direction: StepDirection;
  readonly reply?: ReplyData;
}

/** Everything there is: the instance, what is on its way, and what the participants did. */
export interface CrashWorld {
  readonly instance: SagaInstance;
  readonly underway: readonly Underway[];
  readonly fences: Readonly<Record<string, FenceRow>>;
  /** How often each handler was carried out: `do reserve`. */
  readonly effects: Readonly<Record<string, number>>;
  readonly ends: number;
  readonly faults: number;
  readonly timeouts: number;
  readonly now: number;
  /** How it came to this, in words. */
  readonly path: readonly string[];
}

/** Two worlds with the same key have the same future: the time itself does not matter, only what is due before what. */
export function keyOf({ instance, underway, effects, ends, faults, timeouts, fences }: CrashWorld): string {
  const { phase, status, steps, ending, deadlineAt } = instance;
  const dues = steps.flatMap((record) => ('dueAt' in record && record.dueAt !== undefined ? [record.dueAt] : []));
  const ranks = [...new Set([...dues, ...(deadlineAt === undefined ? [] : [deadlineAt])])].sort((a, b) => a - b);
  const timeless = steps.map((record) => {
    const { waits: _, ...rest } = { waits: undefined, ...record };
    return 'dueAt' in record ? { ...rest, dueAt: ranks.indexOf(record.dueAt ?? 0) } : rest;
  });
  const messages = underway.map((message) => JSON.stringify(message)).sort();
  const deadline = deadlineAt === undefined ? undefined : ranks.indexOf(deadlineAt);
  return JSON.stringify([
    [phase, status, timeless, ending?.attempts, deadline],
    [messages, effects, fences, ends, faults, timeouts],
  ]);
}
