import type { Clock } from '@dure/core';

/** One phase of a start, in milliseconds from its beginning. */
export interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Measures what a start consists of. */
export interface Timeline {
  measure<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** In order of beginning. */
  readonly phases: readonly Phase[];
  /** Milliseconds since the start. */
  elapsedMs(): number;
}

/** A timeline that begins now. `observe` hears of each phase when it has ended. */
export function timeline(clock: Clock, startedMs: number, observe: (phase: Phase) => void): Timeline {
  const phases: Phase[] = [];
  const elapsedMs = () => clock.monotonicMs() - startedMs;
  return {
    async measure(name, work) {
      const fromMs = elapsedMs();
      try {
        return await work();
      } finally {
        const phase = { name, fromMs, toMs: elapsedMs() };
        phases.push(phase);
        observe(phase);
      }
    },
    get phases() {
      return phases.toSorted((a, b) => a.fromMs - b.fromMs);
    },
    elapsedMs,
  };
}
