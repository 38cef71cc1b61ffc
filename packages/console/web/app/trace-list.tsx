import type { JSX } from 'preact';
import type { TraceSummary } from '../../src/contract.ts';
import { formatAgo, formatDateTime, formatDuration } from '../design/format.ts';
import { Link } from '../design/navigation.tsx';
import { Note } from '../design/notices.tsx';
import { nowMs } from '../design/use-every.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { ServiceName } from './service-name.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

/** The traces that were found, newest first, their durations side by side. */
export function TraceList({ traces, more }: TraceListProps): JSX.Element {
  const m = useMessages();
  const colours = useColours(traces.flatMap(({ services }) => services.map(({ service }) => service)));
  const longestMs = Math.max(...traces.map(({ durationMs }) => durationMs));
  return (
    <>
      <ul class="panel traces">
        {traces.map((trace) => (
          <li key={trace.traceId}>
            <TraceRow trace={trace} longestMs={longestMs} colours={colours} />
          </li>
        ))}
      </ul>
      {more ? <Note tone="info">{m.more}</Note> : null}
    </>
  );
}

export interface TraceListProps {
  readonly traces: readonly TraceSummary[];
  readonly more: boolean;
}

function TraceRow({ trace, longestMs, colours }: TraceRowProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <Link to={`/traces/${trace.traceId}`} class={trace.errors > 0 ? 'trace has-errors' : 'trace'}>
      <span class="trace-name">
        <strong>{trace.operation}</strong>
        <span class="trace-sub">
          {trace.service} · {m.spans(trace.spans)}
          {trace.complete ? null : ` · ${m.incomplete}`}
        </span>
      </span>
      <span class="trace-services">
        {trace.services.map(({ service, spans, errors }) => (
          <span key={service} class={errors > 0 ? 'chip is-bad' : 'chip'}>
            <ServiceName service={service} colours={colours} />
            <span class="numeric faint">{spans}</span>
          </span>
        ))}
      </span>
      <span class="trace-errors">
        {trace.errors > 0 ? <span class="badge badge-bad">{m.errors(trace.errors)}</span> : null}
      </span>
      <span class="trace-duration">
        <span class="numeric">{formatDuration(trace.durationMs)}</span>
        <span class="gauge">
          <span class="gauge-fill" style={{ width: `${Math.max(1, (trace.durationMs / longestMs) * 100)}%` }} />
        </span>
      </span>
      <time
        class="trace-time"
        dateTime={new Date(trace.startedAt).toISOString()}
        title={formatDateTime(trace.startedAt, language)}
      >
        {formatAgo(trace.startedAt, nowMs(), language)}
      </time>
    </Link>
  );
}

interface TraceRowProps {
  readonly trace: TraceSummary;
  readonly longestMs: number;
  readonly colours: ReadonlyMap<string, string>;
}
