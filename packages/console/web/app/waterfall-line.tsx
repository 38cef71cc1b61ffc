import type { JSX } from 'preact';
import type { LogLine, TraceView } from '../../src/contract.ts';
import { formatDuration } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { shortOperation } from './message-hops.ts';
import { useMessages } from './use-messages.ts';
import type { WaterfallRow } from './waterfall-rows.ts';
import { axisTicks } from './waterfall-rows.ts';

/** One line of the waterfall: name on the left, bar on the right, marks where it logged. */
export function WaterfallLine(props: WaterfallLineProps): JSX.Element {
  const { row, index, chosen, tabStop, choose } = props;
  const { span } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it takes the keys for all its items
    <div
      class={`line ${chosen ? 'is-chosen' : ''} ${span.failed ? 'is-failed' : ''}`}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={chosen}
      aria-expanded={row.expandable ? row.expanded : undefined}
      tabIndex={tabStop ? 0 : -1}
      data-row={index}
      onClick={() => choose(span.spanId)}
    >
      <LineName {...props} />
      <LineBar {...props} />
    </div>
  );
}

export interface WaterfallLineProps {
  readonly row: WaterfallRow;
  readonly index: number;
  readonly colour: string;
  readonly showService: boolean;
  readonly chosen: boolean;
  readonly tabStop: boolean;
  readonly logs: readonly LogLine[];
  readonly trace: TraceView;
  readonly toggle: (spanId: string) => void;
  readonly choose: (spanId: string) => void;
}

function LineName({ row, colour, showService, toggle }: WaterfallLineProps): JSX.Element {
  const m = useMessages();
  const { span, expandable, expanded, hidden, hiddenErrors } = row;
  return (
    <span class="line-name" style={{ '--depth': Math.min(span.depth, 12), '--colour': colour }}>
      <span
        class={expandable ? 'line-toggle' : 'line-toggle is-leaf'}
        aria-hidden="true"
        onClick={(event) => {
          if (!expandable) return;
          event.stopPropagation();
          toggle(span.spanId);
        }}
      >
        {expandable ? <Icon name={expanded ? 'down' : 'right'} size={12} /> : null}
      </span>
      {span.kind === 'consumer' ? (
        <span class="line-hop">
          <Icon name="message" size={14} />
          <span class="hidden">{m.kind.consumer}</span>
        </span>
      ) : null}
      <span class={showService ? 'line-service' : 'line-service is-same'}>{span.service}</span>
      <span class="line-operation" title={span.operation}>
        {shortOperation(span)}
      </span>
      {span.failed ? (
        <span class="line-mark is-bad">
          <Icon name="alert" size={14} />
          <span class="hidden">{m.failed}</span>
        </span>
      ) : null}
      {span.attributes['dure.fallback'] === undefined ? null : <span class="badge badge-warn">{m.fallback}</span>}
      {span.refusal === undefined ? null : <span class="badge badge-warn">{span.refusal}</span>}
      {hidden > 0 ? <span class={`badge ${hiddenErrors > 0 ? 'badge-bad' : ''}`}>{m.hiddenSpans(hidden)}</span> : null}
    </span>
  );
}

function LineBar({ row, colour, logs, trace }: WaterfallLineProps): JSX.Element {
  const { span, start, length } = row;
  const total = Math.max(trace.durationMs, 1e-9);
  return (
    <span class="line-time">
      {axisTicks(trace.durationMs, 6).map((tick) => (
        <span key={tick} class="grid" style={{ left: `${(tick / total) * 100}%` }} />
      ))}
      <span
        class={`bar bar-${span.kind} ${span.critical ? 'is-critical' : ''} ${span.failed ? 'is-failed' : ''}`}
        style={{ left: `${start * 100}%`, width: `${length * 100}%`, '--colour': colour }}
      />
      {logs
        .filter(({ spanId }) => spanId === span.spanId)
        .map(({ id, time, level }) => (
          <span
            key={id}
            class={`tick tick-${level}`}
            style={{ left: `${clampShare((time - trace.startedAt) / total) * 100}%` }}
          />
        ))}
      <BarTime row={row} />
    </span>
  );
}

/** The duration stands after the bar, before it where there is no room, and on it where it fills the line. */
function BarTime({ row: { span, start, length } }: { readonly row: WaterfallRow }): JSX.Element {
  const text = formatDuration(span.durationMs);
  if (start + length < 0.85) {
    return (
      <span class="bar-time numeric" style={{ left: `${(start + length) * 100}%` }}>
        {text}
      </span>
    );
  }
  const before = start > 0.15;
  return (
    <span
      class={before ? 'bar-time numeric' : 'bar-time numeric is-on'}
      style={{ right: before ? `${(1 - start) * 100}%` : `${(1 - start - length) * 100}%` }}
    >
      {text}
    </span>
  );
}

function clampShare(share: number): number {
  return Math.min(1, Math.max(0, share));
}
