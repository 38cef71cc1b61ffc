import type { JSX } from 'preact';
import { sparkBars } from './spark-bars.ts';

const [width, height, gap] = [132, 28, 1];

/** Requests over time, one bar a step; the failed ones in red. The figures beside it say the same in numbers. */
export function Sparkline({ series }: SparklineProps): JSX.Element {
  const bars = sparkBars(series);
  const step = width / Math.max(1, bars.length);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="spark-base" x="0" y={height - 1} width={width} height="1" />
      {bars.map(({ height: share, failed }, index) => {
        const [x, barWidth, tall, red] = [index * step, Math.max(1, step - gap), share * height, failed * height];
        return share === 0 ? null : (
          <g key={index}>
            <rect class="spark-good" x={x} y={height - tall} width={barWidth} height={tall} />
            {failed === 0 ? null : <rect class="spark-bad" x={x} y={height - red} width={barWidth} height={red} />}
          </g>
        );
      })}
    </svg>
  );
}

export interface SparklineProps {
  readonly series: readonly { readonly requests: number; readonly errors: number }[];
}
