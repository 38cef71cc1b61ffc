import type { Meter } from './meter.ts';
import type { MeterSnapshot } from './telemetry.ts';

const units: Readonly<Record<string, string>> = { seconds: 'seconds', bytes: 'bytes', ratio: '' };

/**
 * A meter as Spring Boot's `/actuator/metrics` names and measures it: dots for underscores, the unit apart,
 * statistics COUNT, TOTAL_TIME or TOTAL, MAX, VALUE.
 */
export function springMeter(meter: Meter): MeterSnapshot {
  const base = meter.name.replace(/_total$/, '');
  const last = base.slice(base.lastIndexOf('_') + 1);
  const unit = units[last];
  const name = (unit === undefined || unit === '' ? base : base.slice(0, -last.length - 1)).replaceAll('_', '.');
  const series =
    meter.kind === 'histogram'
      ? meter.series.map(({ labels, count, sum, max }) => ({
          labels,
          measurements: { COUNT: count, [unit === 'seconds' ? 'TOTAL_TIME' : 'TOTAL']: sum, MAX: max },
        }))
      : meter.series.map(({ labels, value }) => ({
          labels,
          measurements: meter.kind === 'counter' ? { COUNT: value } : { VALUE: value },
        }));
  return { name, description: meter.description, ...(unit === undefined || unit === '' ? {} : { unit }), series };
}
