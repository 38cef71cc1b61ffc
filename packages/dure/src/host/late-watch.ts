import type { Clock, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { ServiceWatch } from './service-sections.ts';

/** Until the next attempt, in milliseconds. */
const pauseMs = 5_000;

/** A watch that opens in its own time: whoever does with defaults waits for no config server, which may be itself. */
export interface LateWatch {
  /** Undefined as long as nothing could be read. */
  readonly current: ServiceWatch | undefined;
  close(): Promise<void>;
}

/** Opens a watch, again and again until it succeeds, and hands it over. */
export function lateWatch(
  open: () => Promise<ServiceWatch>,
  take: (watch: ServiceWatch) => void,
  { clock, log }: { readonly clock: Clock; readonly log: Telemetry['log'] },
): LateWatch {
  let current: ServiceWatch | undefined;
  let timer: Timer | undefined;
  let isClosed = false;
  let told = '';
  const attempt = async (): Promise<void> => {
    try {
      const watch = await open();
      if (isClosed) return await watch.close();
      current = watch;
      take(watch);
    } catch (error) {
      if (isClosed) return;
      const text = messageOf(error);
      if (text !== told) log.warn(`the configuration is not read yet, defaults hold: ${text}`);
      told = text;
      timer = clock.after(pauseMs, () => {
        opening = attempt();
      });
    }
  };
  let opening = attempt();
  return {
    get current() {
      return current;
    },
    async close() {
      isClosed = true;
      timer?.cancel();
      if (current !== undefined) await current.close();
      else void opening; // it closes what it opens
    },
  };
}
