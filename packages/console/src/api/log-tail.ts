import type { LogLine } from '../contract.ts';
import { matchesLog } from '../store/log-match.ts';
import type { LogFilter } from '../store/telemetry-store.port.ts';

/** Hands lines on to those who follow the log. */
export interface LogTail {
  publish(lines: readonly LogLine[]): void;
  /** The lines from now on that meet the filter, until `signal` aborts. Who reads too slowly misses the oldest. */
  follow(filter: Omit<LogFilter, 'limit' | 'before'>, signal: AbortSignal): AsyncIterable<LogLine>;
  readonly followers: number;
}

const maxWaiting = 1_000;

/** A tail without followers. */
export function logTail(): LogTail {
  const followers = new Set<(lines: readonly LogLine[]) => void>();
  return {
    publish(lines) {
      for (const take of followers) take(lines);
    },
    async *follow(filter, signal) {
      let waiting: LogLine[] = [];
      let ring = () => {};
      const take = (lines: readonly LogLine[]) => {
        waiting.push(...lines.filter((line) => matchesLog(filter, line)));
        if (waiting.length > maxWaiting) waiting = waiting.slice(-maxWaiting);
        if (waiting.length > 0) ring();
      };
      const abort = () => ring();
      followers.add(take);
      signal.addEventListener('abort', abort);
      try {
        while (!signal.aborted) {
          const lines = waiting;
          waiting = [];
          yield* lines;
          if (waiting.length > 0 || signal.aborted) continue;
          await new Promise<void>((resolve) => {
            ring = resolve;
          });
        }
      } finally {
        followers.delete(take);
        signal.removeEventListener('abort', abort);
      }
    },
    get followers() {
      return followers.size;
    },
  };
}
