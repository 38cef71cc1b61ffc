import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ParkedDetail, ParkedMessage } from '../../src/parked-contract.ts';
import { formatDateTime, formatNumber } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link } from '../design/navigation.tsx';
import { Note, Skeleton } from '../design/notices.tsx';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { getParkedData } from './api.ts';
import { ProblemView } from './problem-view.tsx';
import { useMessages } from './use-messages.ts';

/** The messages that wait, in their order; what one says is fetched when it is opened. */
export function ParkedWaiting({ parked }: { readonly parked: ParkedDetail }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const { waiting, messages } = parked;
  return (
    <section class="panel" aria-labelledby="parked-waiting">
      <div class="panel-head">
        <h2 id="parked-waiting">{m.parkedWaiting}</h2>
        <span class="faint numeric">{formatNumber(messages, language)}</span>
      </div>
      <ol class="waiting">
        {waiting.map((one, place) => (
          <li key={one.message.id}>
            <WaitingMessage parked={parked} waiting={one} isFirst={place === 0} />
          </li>
        ))}
      </ol>
      {waiting.length < messages ? <Note tone="info">{m.parkedFirstOnly(waiting.length)}</Note> : null}
    </section>
  );
}

function WaitingMessage({ parked, waiting: { message, edited }, isFirst }: WaitingMessageProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const [isOpen, open] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary class="waiting-line">
        <Icon name={isOpen ? 'down' : 'right'} size={14} />
        <span class="waiting-name">
          <strong>{message.type}</strong>
          {isFirst ? <span class="badge badge-bad">{m.parkedFirst}</span> : null}
          {edited === undefined ? null : <span class="badge badge-info">{m.parkedEdited}</span>}
        </span>
        <span class="waiting-facts faint">
          <span>{m.messageKinds[message.kind]}</span>
          <time class="numeric" dateTime={new Date(message.at).toISOString()}>
            {formatDateTime(message.at, language)}
          </time>
        </span>
      </summary>
      {isOpen ? <MessageData parked={parked} message={message} /> : null}
    </details>
  );
}

interface WaitingMessageProps {
  readonly parked: ParkedDetail;
  readonly waiting: ParkedMessage;
  /** It is the one that cannot be applied. */
  readonly isFirst: boolean;
}

function MessageData({ parked: { service, source, key }, message }: MessageDataProps): JSX.Element {
  const m = useMessages();
  const { id, version, position, meta } = message;
  const data = useResource(id, (signal) => getParkedData(service, { source, key }, id, signal));
  const isTrace = /^[0-9a-f]{32}$/.test(meta.correlation ?? '');
  const { value, failure } = data;
  return (
    <div class="waiting-data">
      <p class="trace-facts faint">
        <code>{id}</code>
        <span>{m.versionIs(version)}</span>
        <span>{m.parkedPosition(position)}</span>
        {isTrace ? <Link to={`/traces/${meta.correlation}`}>{m.toTrace}</Link> : null}
      </p>
      {failure === undefined ? null : <ProblemView failure={failure} retry={data.reload} />}
      {value === undefined ? data.loading && <Skeleton rows={3} /> : <Json value={value.message.data} />}
      {value?.edited === undefined ? null : (
        <>
          <h3>{m.parkedEditedBy(value.edited.by, value.edited.why)}</h3>
          <Json value={value.edited.data} />
        </>
      )}
      {value === undefined ? null : <p class="note-small">{m.maskedNote}</p>}
    </div>
  );
}

interface MessageDataProps {
  readonly parked: ParkedDetail;
  readonly message: ParkedMessage['message'];
}

function Json({ value }: { readonly value: unknown }): JSX.Element {
  return <pre class="json">{JSON.stringify(value, undefined, 2)}</pre>;
}
