import type { JSX } from 'preact';
import type { LogLine, SpanView } from '../../src/contract.ts';
import { formatDuration } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Attributes } from './attributes.tsx';
import { LogLines } from './log-lines.tsx';
import { ServiceName } from './service-name.tsx';
import { useMessages } from './use-messages.ts';

/** All that one span says. */
export function SpanDetail({ span, colours, logs, close }: SpanDetailProps): JSX.Element {
  const m = useMessages();
  return (
    <aside class="panel span-detail" aria-labelledby="span-title">
      <div class="panel-head">
        <h2 id="span-title">{span.operation}</h2>
        <button type="button" class="button button-quiet button-small" onClick={close} aria-label={m.close}>
          <Icon name="cross" size={16} />
        </button>
      </div>
      <div class="span-body">
        <p class="span-where">
          <ServiceName service={span.service} colours={colours} />
          <span class="badge">{m.kind[span.kind]}</span>
          {span.critical ? <span class="badge badge-info">{m.criticalPath}</span> : null}
        </p>
        <Verdict span={span} />
        <dl class="facts">
          <div>
            <dt>{m.duration}</dt>
            <dd class="numeric">{formatDuration(span.durationMs)}</dd>
          </div>
          <div>
            <dt>{m.offset}</dt>
            <dd class="numeric">{formatDuration(span.offsetMs)}</dd>
          </div>
        </dl>
        {span.orphan ? <p class="note-small">{m.parentMissing}</p> : null}
        <h3>{m.attributes}</h3>
        <Attributes values={{ ...span.attributes, instance: span.instance, spanId: span.spanId }} />
        {span.events.length === 0 ? null : (
          <>
            <h3>{m.events}</h3>
            <ol class="events">
              {span.events.map(({ name, offsetMs, attributes }, index) => (
                <li key={index}>
                  <span class="numeric faint">{formatDuration(offsetMs)}</span> <strong>{name}</strong>
                  <Attributes values={attributes} />
                </li>
              ))}
            </ol>
          </>
        )}
        {logs.length === 0 ? null : (
          <>
            <h3>{m.logs}</h3>
            <LogLines lines={logs} colours={colours} narrow />
          </>
        )}
      </div>
    </aside>
  );
}

export interface SpanDetailProps {
  readonly span: SpanView;
  readonly colours: ReadonlyMap<string, string>;
  readonly logs: readonly LogLine[];
  readonly close: () => void;
}

function Verdict({ span }: { readonly span: SpanView }): JSX.Element | null {
  const m = useMessages();
  if (span.failed) {
    return (
      <div class="note note-bad">
        <Icon name="alert" />
        <div class="note-body">
          <strong>
            {m.failed}
            {span.code === undefined ? null : <code> {span.code}</code>}
          </strong>
          {span.error === undefined ? null : <p>{span.error}</p>}
        </div>
      </div>
    );
  }
  if (span.refusal === undefined) return null;
  return (
    <div class="note note-warn">
      <Icon name="info" />
      <div class="note-body">
        <strong>
          {m.refused} <code>{span.refusal}</code>
        </strong>
      </div>
    </div>
  );
}
