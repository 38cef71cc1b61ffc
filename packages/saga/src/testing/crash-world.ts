import type { ReplyData } from '@dure/messaging';
import type { SagaInstance } from '../instance.ts';
import type { FenceRow } from '../saga-fence.port.ts';

/** A message on its way. */
export interface Underway {
  readonly to: 'participant' | 'engine';
  readonly step: string;
  readonly direction: 'do' | 'undo';
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
