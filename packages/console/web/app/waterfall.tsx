import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { TraceView } from '../../src/contract.ts';
import { formatDuration } from '../design/format.ts';
import { unrollMessageHops } from './message-hops.ts';
import { useMessages } from './use-messages.ts';
import { WaterfallLine } from './waterfall-line.tsx';
import type { WaterfallRow } from './waterfall-rows.ts';
import { axisTicks, treeMove, waterfallRows } from './waterfall-rows.ts';

/** The spans of a trace as a tree with bars in proportion to time. */
export function Waterfall(props: WaterfallProps): JSX.Element {
  const m = useMessages();
  const { trace } = props;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const spans = useMemo(() => unrollMessageHops(trace.tree), [trace]);
  const rows = useMemo(() => waterfallRows(spans, trace.durationMs, closed), [spans, trace, closed]);
  return (
    <section class="panel waterfall" aria-label={m.waterfall}>
      <WaterfallHead
        trace={trace}
        rows={rows}
        closeAll={() => setClosed(allParents(rows))}
        openAll={() => setClosed(new Set())}
      />
      <WaterfallTree {...props} rows={rows} toggle={(spanId) => setClosed(toggled(closed, spanId))} />
      <p id="waterfall-keys" class="waterfall-keys note-small">
        {m.waterfallKeys}
      </p>
    </section>
  );
}

export interface WaterfallProps {
  readonly trace: TraceView;
  readonly colours: ReadonlyMap<string, string>;
  readonly chosen: string | undefined;
  readonly choose: (spanId: string | undefined) => void;
}

/** A WAI-ARIA tree with one tab stop; the arrow keys do the rest. */
function WaterfallTree({ trace, colours, chosen, choose, rows, toggle }: WaterfallTreeProps): JSX.Element {
  const m = useMessages();
  const [focused, setFocused] = useState(0);
  const tree = useRef<HTMLDivElement>(null);
  const stop = Math.min(focused, rows.length - 1);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const row = rows[stop];
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const move = treeMove(rows, stop, event.key);
    if (event.key === 'Enter' || event.key === ' ') choose(row.span.spanId);
    else if (event.key === 'Escape') choose(undefined);
    else if (move === undefined) return;
    else if (move.kind === 'go') focusRow(tree.current, move.index, setFocused);
    else toggle(move.spanId);
    event.preventDefault();
  };
  return (
    <div
      class="waterfall-tree"
      role="tree"
      aria-label={m.waterfall}
      aria-describedby="waterfall-keys"
      tabIndex={-1}
      ref={tree}
      onKeyDown={onKeyDown}
    >
      {rows.map((row, index) => (
        <WaterfallLine
          key={row.span.spanId}
          row={row}
          index={index}
          colour={colours.get(row.span.service) ?? 'var(--line-strong)'}
          showService={rows[index - 1]?.span.service !== row.span.service}
          chosen={row.span.spanId === chosen}
          tabStop={index === stop}
          logs={trace.logs}
          trace={trace}
          toggle={toggle}
          choose={(spanId) => {
            setFocused(index);
            choose(spanId === chosen ? undefined : spanId);
          }}
        />
      ))}
    </div>
  );
}

interface WaterfallTreeProps extends WaterfallProps {
  readonly rows: readonly WaterfallRow[];
  readonly toggle: (spanId: string) => void;
}

function WaterfallHead({ trace, rows, closeAll, openAll }: WaterfallHeadProps): JSX.Element {
  const m = useMessages();
  const someClosed = rows.some(({ expandable, expanded }) => expandable && !expanded);
  const ticks = axisTicks(trace.durationMs, 6);
  return (
    <div class="waterfall-head">
      <div class="waterfall-tools">
        <button type="button" class="button button-small button-quiet" onClick={someClosed ? openAll : closeAll}>
          {someClosed ? m.expandAll : m.collapseAll}
        </button>
        <span class="legend">
          <span class="legend-critical" />
          {m.criticalPath}
        </span>
      </div>
      <div class="axis" aria-hidden="true">
        {ticks.map((tick) => (
          <span
            key={tick}
            class="axis-tick numeric"
            style={{ left: `${(tick / Math.max(trace.durationMs, 1e-9)) * 100}%` }}
          >
            {tick === 0 ? '0' : formatDuration(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface WaterfallHeadProps {
  readonly trace: TraceView;
  readonly rows: readonly WaterfallRow[];
  readonly closeAll: () => void;
  readonly openAll: () => void;
}

function focusRow(tree: HTMLElement | null, index: number, setFocused: (index: number) => void): void {
  setFocused(index);
  tree?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus();
}

/** Everything below the roots is closed, so that the roots' children remain in view. */
function allParents(rows: readonly WaterfallRow[]): ReadonlySet<string> {
  return new Set(rows.filter(({ expandable, span }) => expandable && span.depth > 0).map(({ span }) => span.spanId));
}

function toggled(closed: ReadonlySet<string>, spanId: string): ReadonlySet<string> {
  const next = new Set(closed);
  if (!next.delete(spanId)) next.add(spanId);
  return next;
}
