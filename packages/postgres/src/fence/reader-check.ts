import type { LatencyCounts } from './latency-counts.ts';
import { latencyCounts } from './latency-counts.ts';
import type { NumberSet } from './number-set.ts';
import { numberSet } from './number-set.ts';

/** What one reader of the stress has seen, and what of it was wrong. */
export interface ReaderCheck {
  /** Where to read on. */
  readonly position: number;
  readonly seen: number;
  readonly doubled: number;
  readonly inverted: number;
  readonly faults: readonly string[];
  readonly latencies: LatencyCounts;
  /** The numbers of the messages that it has seen. */
  readonly numbers: Pick<NumberSet, 'has'>;
  take(position: number, number: number, stream: string | null, version: number | null): void;
  /** Everything up to here was looked at. */
  looked(position: number): void;
}

/** Checks that positions grow, that no message comes twice, and that each stream's versions come one after the other without a gap. */
export function readerCheck(): ReaderCheck {
  const versions = new Map<string, number>();
  const numbers = numberSet();
  const faults: string[] = [];
  const state = { position: 0, last: 0, seen: 0, doubled: 0, inverted: 0 };
  const fault = (text: string) => {
    if (faults.length < 5) faults.push(text);
  };
  return {
    get position() {
      return state.position;
    },
    get seen() {
      return state.seen;
    },
    get doubled() {
      return state.doubled;
    },
    get inverted() {
      return state.inverted;
    },
    faults,
    latencies: latencyCounts(),
    numbers,
    take(position, number, stream, version) {
      if (position <= state.last) {
        state.doubled += 1;
        fault(`position ${position} came after ${state.last}`);
        return;
      }
      state.last = position;
      state.position = position;
      state.seen += 1;
      if (numbers.has(number)) {
        state.doubled += 1;
        fault(`message ${number} came again at position ${position}`);
      }
      numbers.add(number);
      if (stream === null || version === null) return;
      const before = versions.get(stream) ?? 0;
      if (version <= before) state.inverted += 1;
      if (version !== before + 1) fault(`version ${version} of ${stream} came after version ${before}`);
      versions.set(stream, Math.max(before, version));
    },
    looked(position) {
      state.position = Math.max(state.position, position);
    },
  };
}
