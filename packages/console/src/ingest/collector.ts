import type { LogLine } from '../contract.ts';
import type { NewLog, StoredSpan, TelemetryStore } from '../store/telemetry-store.port.ts';
import type { Measurement } from './otlp-decode.ts';

/** Takes telemetry in: keeps it and tells whoever follows. */
export interface Collector {
  spans(spans: readonly StoredSpan[]): Promise<void>;
  logs(lines: readonly NewLog[]): Promise<void>;
  measurements(measurements: readonly Measurement[]): void;
  /** Items that were refused or not kept since the start. */
  readonly dropped: number;
  drop(count: number): void;
}

/** Those who follow what arrives. */
export interface Followers {
  readonly onSpans: (spans: readonly StoredSpan[]) => void;
  readonly onLogs: (lines: readonly LogLine[]) => void;
  readonly onMeasurements: (measurements: readonly Measurement[]) => void;
}

/** A collector that stores first and tells then: followers see only what is kept. */
export function collector(store: TelemetryStore, followers: Followers): Collector {
  let dropped = 0;
  return {
    async spans(spans) {
      followers.onSpans(await store.addSpans(spans));
    },
    async logs(lines) {
      followers.onLogs(await store.addLogs(lines));
    },
    measurements: (measurements) => followers.onMeasurements(measurements),
    get dropped() {
      return dropped;
    },
    drop(count) {
      dropped += count;
    },
  };
}
