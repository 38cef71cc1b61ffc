import type { JSX } from 'preact';
import type { ParkedDetail, ParkedPlace } from '../../src/parked-contract.ts';
import { formatAgo, formatDateTime } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link, usePlace } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { useEvery } from '../design/use-every.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { getParkedKey } from './api.ts';
import { PageHead } from './page-head.tsx';
import { ParkedActions } from './parked-actions.tsx';
import { ParkedHistory } from './parked-history.tsx';
import { ParkedStateBadge } from './parked-state.tsx';
import { ParkedWaiting } from './parked-waiting.tsx';
import { ProblemView } from './problem-view.tsx';
import { ServiceName } from './service-name.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

const refreshMs = 2_000;

/** One parked key: why it is, what waits in it, and what an operator can do. Source and key stand in the address. */
export function ParkedKeyPage({ service }: { readonly service: string }): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const place: ParkedPlace = { source: query.get('source') ?? '', key: query.get('key') ?? '' };
  const name = JSON.stringify([service, place]);
  const parked = useResource(name, (signal) => getParkedKey(service, place, signal));
  const isGone = parked.failure?.kind === 'problem' && parked.failure.problem.status === 404;
  useEvery(isGone || parked.failure?.kind !== 'problem' ? refreshMs : undefined, parked.reload);
  if (parked.value !== undefined && !isGone)
    return <ParkedBoard key={name} parked={parked.value} reload={parked.reload} />;
  return (
    <>
      <PageHead title={place.key} above={<BackLink />} />
      {isGone ? (
        <Empty icon="check" title={m.parkedGone}>
          <p>{m.parkedGoneHint}</p>
        </Empty>
      ) : parked.failure === undefined ? (
        <Skeleton rows={10} />
      ) : (
        <ProblemView failure={parked.failure} retry={parked.reload} />
      )}
    </>
  );
}

function ParkedBoard({ parked, reload }: { readonly parked: ParkedDetail; readonly reload: () => void }): JSX.Element {
  const m = useMessages();
  const { error, state, first, key } = parked;
  return (
    <>
      <PageHead title={`${first.type} ${key}`} above={<BackLink />}>
        <ParkedFacts parked={parked} />
      </PageHead>
      <div class="case-board">
        <div class="case-main">
          <Note tone={state === 'stopped' ? 'bad' : 'warn'}>
            <strong>{state === 'stopped' ? m.parkedStoppedTitle : m.parkedRetryingTitle}</strong>
            <p>{error.message}</p>
            {error.code === undefined ? null : <code class="note-small">{error.code}</code>}
          </Note>
          <ParkedWaiting parked={parked} />
          <ParkedHistory actions={parked.actions} />
        </div>
        <div class="case-side">
          <ParkedActions parked={parked} done={reload} />
        </div>
      </div>
    </>
  );
}

function ParkedFacts({ parked }: { readonly parked: ParkedDetail }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const { service, source, state, since, nextAt, attempts, messages, now } = parked;
  const colours = useColours([service]);
  return (
    <p class="page-sub trace-facts">
      <ParkedStateBadge state={state} />
      <ServiceName service={service} colours={colours} />
      <span>{m.parkedFrom(source)}</span>
      <time dateTime={new Date(since).toISOString()} title={formatDateTime(since, language)}>
        {m.parkedSince(formatAgo(since, now, language))}
      </time>
      <span>{m.attempts(attempts)}</span>
      <span>{m.parkedBehind(messages - 1)}</span>
      {nextAt === undefined ? null : (
        <time dateTime={new Date(nextAt).toISOString()}>{`${m.nextAt}: ${formatDateTime(nextAt, language)}`}</time>
      )}
    </p>
  );
}

function BackLink(): JSX.Element {
  const m = useMessages();
  return (
    <Link to="/parked" class="back">
      <Icon name="left" size={14} />
      {m.parkedMessages}
    </Link>
  );
}
