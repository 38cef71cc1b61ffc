import type { Clock, Timer } from '@dure/core';
import { checkOption } from './options.ts';

/** How late the event loop is: the best sign of pressure that a Node.js process has about itself. */
export interface LoopDelay {
  /** The longest delay of the last two looks, in milliseconds; grows while the loop is blocked. */
  delayMs(): number;
  close(): void;
}

/**
 * Watches the event loop by a timer that should fire every `everyMs` (default 100) and says by how much it was late. It
 * needs nothing but a clock and does not keep the process alive.
 *
 * @example
 * adaptiveLimit({ clock, name: 'api', loopDelay: watchLoop({ clock }) })
 */
export function watchLoop(options: { readonly clock: Clock; readonly everyMs?: number }): LoopDelay {
  const { clock, everyMs = 100 } = options;
  checkOption('watchLoop', 'everyMs', everyMs, 1, 60_000);
  let before = 0;
  let last = 0;
  let dueAt = 0;
  let timer: Timer | undefined;
  const look = () => {
    before = last;
    last = Math.max(clock.monotonicMs() - dueAt, 0);
    arm();
  };
  const arm = () => {
    dueAt = clock.monotonicMs() + everyMs;
    timer = clock.after(everyMs, look);
  };
  arm();
  return {
    delayMs: () => Math.max(before, last, clock.monotonicMs() - dueAt),
    close: () => timer?.cancel(),
  };
}
