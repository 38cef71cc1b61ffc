import type { HistogramSeries, Meter } from './meter.ts';
import type { Attributes } from './telemetry.ts';

/** The media type of the Prometheus text format 0.0.4. */
export const prometheusMediaType = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes meters in the Prometheus text format 0.0.4; counters get their `_total`. */
export function prometheusText(meters: readonly Meter[]): string {
  return meters.map(meterText).join('');
}

function meterText(meter: Meter): string {
  const name = meter.kind === 'counter' && !meter.name.endsWith('_total') ? `${meter.name}_total` : meter.name;
  let text = `# HELP ${name} ${meter.description.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${meter.kind}\n`;
  if (meter.kind === 'histogram') {
    for (const series of meter.series) text += histogramText(name, meter.bounds, series);
  } else {
    for (const { labels, value } of meter.series) text += `${name}${labelText(labels)} ${value}\n`;
  }
  return text;
}

function histogramText(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum, count }: HistogramSeries,
): string {
  let text = '';
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += counts[index] ?? 0;
    text += `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${below}\n`;
  }
  text += `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}\n`;
  return `${text}${name}_sum${labelText(labels)} ${sum}\n${name}_count${labelText(labels)} ${count}\n`;
}

function labelText(labels: Attributes): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name.replace(/[^a-zA-Z0-9_]/g, '_')}="${escaped(String(value))}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
