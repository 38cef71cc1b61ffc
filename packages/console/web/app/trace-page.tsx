import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TraceView } from '../../src/contract.ts';
import { formatDateTime, formatDuration } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link } from '../design/navigation.tsx';
import { Empty, Skeleton } from '../design/notices.tsx';
import { useEvery } from '../design/use-every.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { getTrace } from './api.ts';
import { LogLines } from './log-lines.tsx';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { SpanDetail } from './span-detail.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';
import { Waterfall } from './waterfall.tsx';

/** One trace: its waterfall over all services, the chosen span, and the logs in place. */
export function TracePage({ traceId }: { readonly traceId: string }): JSX.Element {
  const m = useMessages();
  const trace = useResource(traceId, (signal) => getTrace(traceId, signal));
  useEvery(trace.value?.complete === false ? 1_500 : undefined, trace.reload);
  if (trace.value !== undefined) return <TraceBoard key={traceId} trace={trace.value} />;
  const unknown = trace.failure?.kind === 'problem' && trace.failure.problem.status === 404;
  return (
    <>
      <PageHead title={traceId.slice(0, 8)} above={<BackLink />} />
      {unknown ? (
        <Empty icon="traces" title={m.traceUnknown}>
          <p>{m.traceUnknownHint}</p>
          <button type="button" class="button" onClick={trace.reload}>
            <Icon name="refresh" />
            {m.refresh}
          </button>
        </Empty>
      ) : trace.failure === undefined ? (
        <Skeleton rows={12} height="1.5rem" />
      ) : (
        <ProblemView failure={trace.failure} retry={trace.reload} />
      )}
    </>
  );
}

function TraceBoard({ trace }: { readonly trace: TraceView }): JSX.Element {
  const m = useMessages();
  const colours = useColours(trace.services.map(({ service }) => service));
  const [chosen, choose] = useState<string | undefined>(undefined);
  const [onlySpan, setOnlySpan] = useState(false);
  const span = trace.tree.find(({ spanId }) => spanId === chosen);
  const logs = [...trace.logs].sort((a, b) => a.time - b.time || a.id - b.id);
  const shown = onlySpan && span !== undefined ? logs.filter(({ spanId }) => spanId === span.spanId) : logs;
  return (
    <>
      <PageHead title={trace.operation} above={<BackLink />}>
        <TraceFacts trace={trace} />
      </PageHead>
      <div class={span === undefined ? 'trace-board' : 'trace-board has-detail'}>
        <div class="trace-board-main">
          <Waterfall trace={trace} colours={colours} chosen={chosen} choose={choose} />
          <section class="panel" aria-labelledby="trace-logs">
            <div class="panel-head">
              <h2 id="trace-logs">{m.logsOfTrace}</h2>
              <span class="faint numeric">{m.lines(shown.length)}</span>
              {span === undefined ? null : (
                <label class="check">
                  <input
                    type="checkbox"
                    checked={onlySpan}
                    onChange={({ currentTarget }) => setOnlySpan(currentTarget.checked)}
                  />
                  {m.logsOfSpan}
                </label>
              )}
            </div>
            {shown.length === 0 ? (
              <p class="panel-empty faint">{m.logsOfTraceEmpty}</p>
            ) : (
              <LogLines lines={shown} colours={colours} startedAt={trace.startedAt} choose={choose} />
            )}
          </section>
        </div>
        {span === undefined ? null : (
          <SpanDetail
            span={span}
            colours={colours}
            logs={logs.filter(({ spanId }) => spanId === span.spanId)}
            close={() => choose(undefined)}
          />
        )}
      </div>
    </>
  );
}

function TraceFacts({ trace }: { readonly trace: TraceView }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <p class="page-sub trace-facts">
      <span>{trace.service}</span>
      <span class="numeric">{formatDuration(trace.durationMs)}</span>
      <span>{m.spans(trace.spans)}</span>
      {trace.errors > 0 ? <span class="badge badge-bad">{m.errors(trace.errors)}</span> : null}
      {trace.complete ? null : <span class="badge badge-info">{m.incomplete}</span>}
      <time dateTime={new Date(trace.startedAt).toISOString()}>{formatDateTime(trace.startedAt, language)}</time>
      <CopyId traceId={trace.traceId} />
    </p>
  );
}

function CopyId({ traceId }: { readonly traceId: string }): JSX.Element {
  const m = useMessages();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(traceId).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <button type="button" class="copy" onClick={copy} title={m.copyId} aria-label={`${m.copyId}: ${traceId}`}>
      <code>{traceId}</code>
      <Icon name={copied ? 'check' : 'copy'} size={14} />
      <span class="hidden" role="status">
        {copied ? m.copied : ''}
      </span>
    </button>
  );
}

function BackLink(): JSX.Element {
  const m = useMessages();
  return (
    <Link to="/traces" class="back">
      <Icon name="left" size={14} />
      {m.traces}
    </Link>
  );
}
