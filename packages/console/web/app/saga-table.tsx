import type { JSX } from 'preact';
import type { SagaList } from '../../src/saga-contract.ts';
import { formatAgo, formatDateTime, formatDuration } from '../design/format.ts';
import { Link } from '../design/navigation.tsx';
import { Note } from '../design/notices.tsx';
import { usePreferences } from '../design/use-preferences.ts';
import { SagaStateBadge } from './saga-state.tsx';
import { ServiceName } from './service-name.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

/** Sagas, a line each, which leads to all that is known of one. */
export function SagaTable({ list: { sagas, more, now } }: { readonly list: SagaList }): JSX.Element {
  const m = useMessages();
  const colours = useColours(sagas.map(({ service }) => service));
  return (
    <>
      <ul class="panel cases" aria-label={m.sagas}>
        {sagas.map((saga) => (
          <li key={saga.id}>
            <SagaLine saga={saga} now={now} colours={colours} />
          </li>
        ))}
      </ul>
      {more ? <Note tone="info">{m.more}</Note> : null}
    </>
  );
}

function SagaLine({ saga: { service, ...saga }, now, colours }: SagaLineProps): JSX.Element {
  const { language } = usePreferences();
  return (
    <Link to={`/sagas/${service}/${saga.id}`} class={saga.state === 'needs-operator' ? 'case is-stuck' : 'case'}>
      <span>
        <SagaStateBadge state={saga.state} />
      </span>
      <span class="case-name">
        <strong>{saga.saga}</strong>
        <ServiceName service={service} colours={colours} />
      </span>
      <code class="case-key">{saga.key}</code>
      <span class="case-problem">{saga.problem}</span>
      <span class="case-time">
        <time dateTime={new Date(saga.startedAt).toISOString()} title={formatDateTime(saga.startedAt, language)}>
          {formatAgo(saga.startedAt, now, language)}
        </time>
        <span class="numeric">{formatDuration((saga.finishedAt ?? now) - saga.startedAt)}</span>
      </span>
    </Link>
  );
}

interface SagaLineProps {
  readonly saga: SagaList['sagas'][number];
  readonly now: number;
  readonly colours: ReadonlyMap<string, string>;
}
