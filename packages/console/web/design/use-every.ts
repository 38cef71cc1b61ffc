import { systemClock } from '@dure/core';
import { useEffect, useRef } from 'preact/hooks';

/** The browser's clock, in epoch milliseconds. */
export function nowMs(): number {
  return systemClock.now();
}

/** Runs `action` every `periodMs` while the page can be seen; undefined stops it. */
export function useEvery(periodMs: number | undefined, action: () => void): void {
  const current = useRef(action);
  current.current = action;
  useEffect(() => {
    if (periodMs === undefined) return undefined;
    let timer = systemClock.after(periodMs, tick);
    function tick(): void {
      if (!document.hidden) current.current();
      timer = systemClock.after(periodMs ?? 0, tick);
    }
    return () => timer.cancel();
  }, [periodMs]);
}
