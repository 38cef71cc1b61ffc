import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LogLevel, LogLine } from '../../src/contract.ts';
import { formatDateTime, formatDuration, formatTimeOfDay } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link } from '../design/navigation.tsx';
import { usePreferences } from '../design/use-preferences.ts';
import { Attributes } from './attributes.tsx';
import { ServiceName } from './service-name.tsx';
import { useMessages } from './use-messages.ts';

/** Log lines that open to their fields; on a trace's page they are timed from its start, elsewhere they link to it. */
export function LogLines({ lines, colours, startedAt, choose, narrow = false }: LogLinesProps): JSX.Element {
  const [open, setOpen] = useState<number | undefined>(undefined);
  return (
    <ul class={narrow ? 'log-lines is-narrow' : 'log-lines'}>
      {lines.map((line) => (
        <li key={line.id} class={`log log-${line.level}`}>
          <Line
            line={line}
            colours={colours}
            startedAt={startedAt}
            choose={choose}
            open={open === line.id}
            toggle={() => setOpen(open === line.id ? undefined : line.id)}
          />
        </li>
      ))}
    </ul>
  );
}

export interface LogLinesProps {
  readonly lines: readonly LogLine[];
  readonly colours: ReadonlyMap<string, string>;
  /** Epoch milliseconds of the trace's start, on its page. */
  readonly startedAt?: number;
  /** Shows a span of the page's trace. */
  readonly choose?: (spanId: string) => void;
  readonly narrow?: boolean;
}

function Line({ line, colours, startedAt, choose, open, toggle }: LineProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <>
      <div class="log-line">
        <time
          class="log-time numeric"
          dateTime={new Date(line.time).toISOString()}
          title={formatDateTime(line.time, language)}
        >
          {startedAt === undefined
            ? formatTimeOfDay(line.time)
            : `+${formatDuration(Math.max(0, line.time - startedAt))}`}
        </time>
        <LevelMark level={line.level} />
        <ServiceName service={line.service} colours={colours} />
        <button type="button" class="log-message" aria-expanded={open} title={m.showFields} onClick={toggle}>
          {line.message}
          {line.code === undefined ? null : <code class="log-code">{line.code}</code>}
        </button>
        <LineLink line={line} inTrace={startedAt !== undefined} choose={choose} />
      </div>
      {open ? (
        <div class="log-fields">
          <Attributes
            values={{
              ...line.fields,
              instance: line.instance,
              ...(line.traceId === undefined ? {} : { traceId: line.traceId }),
            }}
          />
        </div>
      ) : null}
    </>
  );
}

interface LineProps {
  readonly line: LogLine;
  readonly colours: ReadonlyMap<string, string>;
  readonly startedAt: number | undefined;
  readonly choose: ((spanId: string) => void) | undefined;
  readonly open: boolean;
  readonly toggle: () => void;
}

function LineLink({ line, inTrace, choose }: LineLinkProps): JSX.Element | null {
  const m = useMessages();
  const { spanId } = line;
  if (inTrace) {
    if (spanId === undefined || choose === undefined) return null;
    return (
      <button type="button" class="log-link" onClick={() => choose(spanId)}>
        <Icon name="traces" size={14} />
        {m.spanDetails}
      </button>
    );
  }
  if (line.traceId === undefined) return null;
  return (
    <Link to={`/traces/${line.traceId}`} class="log-link">
      <Icon name="traces" size={14} />
      {m.toTrace}
    </Link>
  );
}

interface LineLinkProps {
  readonly line: LogLine;
  readonly inTrace: boolean;
  readonly choose: ((spanId: string) => void) | undefined;
}

function LevelMark({ level }: { readonly level: LogLevel }): JSX.Element {
  return <span class={`level level-${level}`}>{level}</span>;
}
