import type { Attributes } from './telemetry.ts';

/** A meter with its current values. */
export type Meter =
  | {
      readonly kind: 'counter';
      readonly name: string;
      readonly description: string;
      readonly series: readonly NumberSeries[];
    }
  | {
      readonly kind: 'gauge';
      readonly name: string;
      readonly description: string;
      readonly series: readonly NumberSeries[];
    }
  | {
      readonly kind: 'histogram';
      readonly name: string;
      readonly description: string;
      readonly bounds: readonly number[];
      readonly series: readonly HistogramSeries[];
    };

export interface NumberSeries {
  readonly labels: Attributes;
  readonly value: number;
}

export interface HistogramSeries {
  readonly labels: Attributes;
  /** One more than the bounds; not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
  /** The largest value of the last one to two minutes. */
  readonly max: number;
}
