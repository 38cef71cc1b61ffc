import type { SpanView } from '../../src/contract.ts';

/** One visible line of a trace's waterfall. */
export interface WaterfallRow {
  readonly span: SpanView;
  /** Where its bar begins and how long it is, as shares of the trace's duration (0 to 1). */
  readonly start: number;
  readonly length: number;
  readonly expandable: boolean;
  readonly expanded: boolean;
  /** Spans below it that are not shown because it is closed, and how many of them failed. */
  readonly hidden: number;
  readonly hiddenErrors: number;
}

/** The spans a reader sees, in tree order, when the spans with ids in `closed` hide what is below them. */
export function waterfallRows(
  spans: readonly SpanView[],
  durationMs: number,
  closed: ReadonlySet<string>,
): readonly WaterfallRow[] {
  const rows: WaterfallRow[] = [];
  let index = 0;
  while (index < spans.length) {
    const span = spans[index];
    if (span === undefined) break;
    const end = endOfSubtree(spans, index);
    const expandable = end > index + 1;
    const expanded = expandable && !closed.has(span.spanId);
    const hidden = expandable && !expanded ? spans.slice(index + 1, end) : [];
    rows.push({
      span,
      ...placeBar(span.offsetMs, span.durationMs, durationMs),
      expandable,
      expanded,
      hidden: hidden.length,
      hiddenErrors: hidden.filter((below) => below.failed).length,
    });
    index = expandable && !expanded ? end : index + 1;
  }
  return rows;
}

/** Puts a bar on a line of `totalMs`, never outside it (clocks of two machines may disagree). */
export function placeBar(
  offsetMs: number,
  durationMs: number,
  totalMs: number,
): { readonly start: number; readonly length: number } {
  if (totalMs <= 0) return { start: 0, length: 1 };
  const start = clamp(offsetMs / totalMs);
  return { start, length: clamp(Math.min(durationMs / totalMs, 1 - start)) };
}

/** Round times for an axis, from 0, at most `most` of them: steps of 1, 2 or 5 times a power of ten. */
export function axisTicks(totalMs: number, most: number): readonly number[] {
  if (!(totalMs > 0)) return [0];
  const rough = totalMs / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = 0; tick <= totalMs * 0.92; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

/** What a key means in the tree (WAI-ARIA Authoring Practices, tree view). */
export type TreeMove =
  | { readonly kind: 'go'; readonly index: number }
  | { readonly kind: 'close' | 'open'; readonly spanId: string };

/** Arrow keys, Home and End on the row at `index`; undefined when the key does nothing there. */
export function treeMove(rows: readonly WaterfallRow[], index: number, key: string): TreeMove | undefined {
  const row = rows[index];
  if (row === undefined) return undefined;
  switch (key) {
    case 'ArrowDown':
      return goTo(rows, index + 1);
    case 'ArrowUp':
      return goTo(rows, index - 1);
    case 'Home':
      return goTo(rows, 0);
    case 'End':
      return goTo(rows, rows.length - 1);
    case 'ArrowRight':
      if (row.expandable && !row.expanded) return { kind: 'open', spanId: row.span.spanId };
      return row.expanded ? goTo(rows, index + 1) : undefined;
    case 'ArrowLeft':
      if (row.expanded) return { kind: 'close', spanId: row.span.spanId };
      return goTo(rows, parentIndex(rows, index));
    default:
      return undefined;
  }
}

function goTo(rows: readonly WaterfallRow[], index: number): TreeMove | undefined {
  return index < 0 || index >= rows.length ? undefined : { kind: 'go', index };
}

function parentIndex(rows: readonly WaterfallRow[], index: number): number {
  const depth = rows[index]?.span.depth ?? 0;
  for (let above = index - 1; above >= 0; above -= 1) {
    if ((rows[above]?.span.depth ?? 0) < depth) return above;
  }
  return -1;
}

function endOfSubtree(spans: readonly SpanView[], index: number): number {
  const depth = spans[index]?.depth ?? 0;
  let end = index + 1;
  while (end < spans.length && (spans[end]?.depth ?? 0) > depth) end += 1;
  return end;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
