/** A bar of a small chart: its height and the part of it that failed, as shares of the chart's height (0 to 1). */
export interface SparkBar {
  readonly height: number;
  readonly failed: number;
}

/** Scales a series to its own greatest value; a bar that is not zero is at least a tenth high, so that it is seen. */
export function sparkBars(
  series: readonly { readonly requests: number; readonly errors: number }[],
): readonly SparkBar[] {
  const most = Math.max(1, ...series.map(({ requests }) => requests));
  return series.map(({ requests, errors }) => {
    const height = requests === 0 ? 0 : Math.max(0.1, requests / most);
    return { height, failed: requests === 0 ? 0 : height * Math.min(1, errors / requests) };
  });
}
