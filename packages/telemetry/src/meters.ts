import type { Clock } from '@dure/core';
import { telemetryErrors } from './errors.ts';
import type { HistogramSeries, Meter } from './meter.ts';
import { prometheusText } from './prometheus.ts';
import { springMeter } from './spring-meter.ts';
import type { Attributes, Counter, Histogram, Metrics } from './telemetry.ts';

/** Metrics whose values can be read. */
export interface Meters extends Metrics {
  /** Every meter as it stands, by name. */
  read(): readonly Meter[];
  /** A counter that somebody else counts; read when the metrics are asked for. */
  observedCounter(name: string, description: string, read: () => number): void;
}

/** Seconds; after Prometheus' client libraries, with two finer steps for calls within one machine. */
export const defaultBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Label sets that one meter keeps apart; further ones are added up under `overflow="true"`. */
export const maxSeries = 500;
const maxWindowMs = 60_000;
const overflow: Attributes = { overflow: true };

/** Meters kept in memory. TELEMETRY_METER_CONFLICT when a name is used for two kinds of meter or is no name. */
export function meters(clock: Clock): Meters {
  const known = new Map<string, MutableMeter>();
  const open = <M extends MutableMeter>(name: string, kind: M['kind'], make: () => M): M => {
    const found = known.get(name);
    if (found !== undefined && found.kind !== kind) {
      throw telemetryErrors.METER_CONFLICT(
        `the metric "${name}" is a ${found.kind} already and cannot be a ${kind} as well`,
      );
    }
    if (found !== undefined) return found as M;
    if (!/^[a-z][a-z0-9_]{0,199}$/.test(name)) {
      throw telemetryErrors.METER_CONFLICT(
        `"${name}" is not a metric name: lower-case words joined by underscores, such as "http_server_requests"`,
      );
    }
    const made = make();
    known.set(name, made);
    return made;
  };
  const read = () => [...known.values()].map((meter) => meter.read()).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    counter: (name, description) => open(name, 'counter', () => new CounterMeter(name, description)),
    histogram: (name, description, bounds = defaultBounds) =>
      open(
        name,
        'histogram',
        () =>
          new HistogramMeter(
            name,
            description,
            [...bounds].sort((a, b) => a - b),
            clock,
          ),
      ),
    gauge: (name, description, value, labels = {}) =>
      open(name, 'gauge', () => new Observed('gauge', name, description)).observe(labels, value),
    observedCounter: (name, description, value) =>
      open(name, 'counter', () => new Observed('counter', name, description)).observe({}, value),
    prometheus: () => prometheusText(read()),
    snapshot: () => read().map(springMeter),
    read,
  };
}

type MutableMeter = CounterMeter | HistogramMeter | Observed;

/** Finds the series of a label set; equal sets share one, whatever the order of their keys. */
class SeriesTable<Series> {
  readonly all = new Map<string, Series>();
  readonly #aliases = new Map<string, Series>();
  readonly #make: (labels: Attributes) => Series;

  constructor(make: (labels: Attributes) => Series) {
    this.#make = make;
  }

  find(labels: Attributes | undefined): Series {
    let key = '';
    if (labels !== undefined) for (const name of Object.keys(labels)) key += `${name}=${labels[name]}\u0000`;
    return this.#aliases.get(key) ?? this.#open(key, labels ?? {});
  }

  #open(alias: string, given: Attributes): Series {
    const labels = sorted(this.all.size < maxSeries ? given : overflow);
    const key = JSON.stringify(labels);
    const existing = this.all.get(JSON.stringify(sorted(given)));
    const series = existing ?? this.all.get(key) ?? this.#make(labels);
    if (existing === undefined) this.all.set(key, series);
    if (this.#aliases.size < 2 * maxSeries) this.#aliases.set(alias, series);
    return series;
  }
}

function sorted(labels: Attributes): Attributes {
  const entries = Object.entries(labels).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

class CounterMeter implements Counter {
  readonly kind = 'counter';
  readonly name: string;
  readonly description: string;
  readonly #series = new SeriesTable((labels) => ({ labels, value: 0 }));

  constructor(name: string, description: string) {
    this.name = name;
    this.description = description;
  }

  add(value = 1, labels?: Attributes): void {
    if (value > 0 && Number.isFinite(value)) this.#series.find(labels).value += value;
  }

  read(): Meter {
    const series = [...this.#series.all.values()].map((one) => ({ ...one }));
    return { kind: 'counter', name: this.name, description: this.description, series };
  }
}

class HistogramMeter implements Histogram {
  readonly kind = 'histogram';
  readonly name: string;
  readonly description: string;
  readonly bounds: readonly number[];
  readonly #clock: Clock;
  readonly #series: SeriesTable<Distribution>;

  constructor(name: string, description: string, bounds: readonly number[], clock: Clock) {
    this.name = name;
    this.description = description;
    this.bounds = bounds;
    this.#clock = clock;
    this.#series = new SeriesTable((labels) => new Distribution(labels, bounds.length + 1));
  }

  record(value: number, labels?: Attributes): void {
    if (!Number.isFinite(value)) return;
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket += 1;
    this.#series.find(labels).record(value, bucket, Math.floor(this.#clock.monotonicMs() / maxWindowMs));
  }

  read(): Meter {
    const window = Math.floor(this.#clock.monotonicMs() / maxWindowMs);
    const series = [...this.#series.all.values()].map((one) => one.read(window));
    return { kind: 'histogram', name: this.name, description: this.description, bounds: this.bounds, series };
  }
}

class Distribution {
  readonly #labels: Attributes;
  readonly #counts: number[];
  #sum = 0;
  #count = 0;
  #window = 0;
  #max = 0;
  #maxBefore = 0;

  constructor(labels: Attributes, buckets: number) {
    this.#labels = labels;
    this.#counts = new Array<number>(buckets).fill(0);
  }

  record(value: number, bucket: number, window: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
    this.#count += 1;
    this.#turn(window);
    if (value > this.#max) this.#max = value;
  }

  read(window: number): HistogramSeries {
    this.#turn(window);
    const max = Math.max(this.#max, this.#maxBefore);
    return { labels: this.#labels, counts: [...this.#counts], sum: this.#sum, count: this.#count, max };
  }

  #turn(window: number): void {
    if (window === this.#window) return;
    this.#maxBefore = window === this.#window + 1 ? this.#max : 0;
    this.#max = 0;
    this.#window = window;
  }
}

class Observed implements Counter {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly description: string;
  readonly #values = new SeriesTable<{ readonly labels: Attributes; value?: () => number }>((labels) => ({ labels }));

  constructor(kind: 'gauge' | 'counter', name: string, description: string) {
    this.kind = kind;
    this.name = name;
    this.description = description;
  }

  /** The last reader of a label set counts: whatever stood there before has gone. */
  observe(labels: Attributes, value: () => number): void {
    this.#values.find(labels).value = value;
  }

  add(): void {}

  read(): Meter {
    const all = [...this.#values.all.values()].map(({ labels, value }) => ({ labels, value: finite(value) }));
    const series = all.filter(({ value }) => Number.isFinite(value));
    return { kind: this.kind, name: this.name, description: this.description, series };
  }
}

function finite(read: (() => number) | undefined): number {
  try {
    return read?.() ?? Number.NaN;
  } catch {
    return Number.NaN; // a broken gauge must not take the others with it
  }
}
