import type { JSX } from 'preact';
import type { ParkedList } from '../../src/parked-contract.ts';
import { formatAgo, formatDateTime } from '../design/format.ts';
import { Link } from '../design/navigation.tsx';
import { Note } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { ParkedStateBadge } from './parked-state.tsx';
import { ServiceName } from './service-name.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

/** Parked keys, a line each, which leads to what waits in one. */
export function ParkedTable({ list: { keys, more, now } }: { readonly list: ParkedList }): JSX.Element {
  const m = useMessages();
  const colours = useColours(keys.map(({ service }) => service));
  return (
    <>
      <ul class="panel cases" aria-label={m.parkedMessages}>
        {keys.map((parked) => (
          <li key={JSON.stringify([parked.service, parked.source, parked.key])}>
            <ParkedLine parked={parked} now={now} colours={colours} />
          </li>
        ))}
      </ul>
      {more ? <Note tone="info">{m.parkedMore}</Note> : null}
    </>
  );
}

function ParkedLine({ parked, now, colours }: ParkedLineProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const { service, source, key, state, first, error, since, attempts, messages } = parked;
  return (
    <Link
      to={`/parked/${service}${queryString({ source, key })}`}
      class={state === 'stopped' ? 'case is-stuck' : 'case'}
    >
      <span>
        <ParkedStateBadge state={state} />
      </span>
      <span class="case-name">
        <strong>{first.type}</strong>
        <span class="case-way">
          <ServiceName service={service} colours={colours} />
          <span class="faint">{m.parkedFrom(source)}</span>
        </span>
      </span>
      <code class="case-key">{key}</code>
      <span class="case-problem">
        {error.code === undefined ? null : <code>{`${error.code} `}</code>}
        {error.message}
      </span>
      <span class="case-time">
        <time dateTime={new Date(since).toISOString()} title={formatDateTime(since, language)}>
          {formatAgo(since, now, language)}
        </time>
        <span>{m.attempts(attempts)}</span>
        {messages > 1 ? <span>{m.parkedBehind(messages - 1)}</span> : null}
      </span>
    </Link>
  );
}

interface ParkedLineProps {
  readonly parked: ParkedList['keys'][number];
  readonly now: number;
  readonly colours: ReadonlyMap<string, string>;
}
