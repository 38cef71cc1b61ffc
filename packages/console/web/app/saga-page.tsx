import type { JSX } from 'preact';
import type { SagaDetail } from '../../src/saga-contract.ts';
import { formatAgo, formatDateTime } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { useEvery } from '../design/use-every.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { getSaga } from './api.ts';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { SagaActions } from './saga-actions.tsx';
import { SagaHistory } from './saga-history.tsx';
import { SagaStateBadge } from './saga-state.tsx';
import { SagaTimeline } from './saga-timeline.tsx';
import { ServiceName } from './service-name.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

const refreshMs = 2_000;

/** One saga: how far it has come, what happened to it, and what an operator can do. */
export function SagaPage({ service, id }: { readonly service: string; readonly id: string }): JSX.Element {
  const m = useMessages();
  const saga = useResource(`${service} ${id}`, (signal) => getSaga(service, id, signal));
  const isOver = saga.value?.finishedAt !== undefined;
  useEvery(isOver || saga.failure?.kind === 'problem' ? undefined : refreshMs, saga.reload);
  if (saga.value !== undefined) return <SagaBoard key={id} saga={saga.value} reload={saga.reload} />;
  const isUnknown = saga.failure?.kind === 'problem' && saga.failure.problem.status === 404;
  return (
    <>
      <PageHead title={id.slice(0, 8)} above={<BackLink />} />
      {isUnknown ? (
        <Empty icon="sagas" title={m.sagaUnknown}>
          <p>{m.sagaUnknownHint}</p>
        </Empty>
      ) : saga.failure === undefined ? (
        <Skeleton rows={10} />
      ) : (
        <ProblemView failure={saga.failure} retry={saga.reload} />
      )}
    </>
  );
}

function SagaBoard({ saga, reload }: { readonly saga: SagaDetail; readonly reload: () => void }): JSX.Element {
  const m = useMessages();
  return (
    <>
      <PageHead title={`${saga.saga} ${saga.key}`} above={<BackLink />} aside={<Ways saga={saga} />}>
        <SagaFacts saga={saga} />
      </PageHead>
      <div class="case-board">
        <div class="case-main">
          {saga.problem === undefined ? null : (
            <Note tone="bad">
              <strong>{m.needsOperator}</strong>
              <p>{saga.problem}</p>
            </Note>
          )}
          {saga.why === undefined ? null : <Note tone="warn">{whyWords(m, saga.why)}</Note>}
          <SagaTimeline saga={saga} />
          <SagaHistory history={saga.history} />
        </div>
        <div class="case-side">
          <SagaActions saga={saga} done={reload} />
          <section class="panel" aria-labelledby="saga-input">
            <div class="panel-head">
              <h2 id="saga-input">{m.input}</h2>
            </div>
            <pre class="json">{JSON.stringify(saga.input, undefined, 2)}</pre>
            <p class="panel-empty note-small">{m.maskedNote}</p>
          </section>
        </div>
      </div>
    </>
  );
}

function whyWords(
  { turnedBack }: ReturnType<typeof useMessages>,
  { reason, step = '', code = '', by = '', text = '' }: NonNullable<SagaDetail['why']>,
): string {
  if (reason === 'refused') return turnedBack.refused(step, code);
  return reason === 'timed-out' ? turnedBack['timed-out'](step) : turnedBack['called-off'](by, text);
}

function SagaFacts({ saga }: { readonly saga: SagaDetail }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const colours = useColours([saga.service]);
  const { startedAt, finishedAt, deadlineAt, dueAt, pausedAt, now } = saga;
  const times = { [m.deadline]: deadlineAt, [m.nextAt]: dueAt, [m.pausedSince]: pausedAt, [m.ended]: finishedAt };
  return (
    <p class="page-sub trace-facts">
      <SagaStateBadge state={saga.state} />
      <ServiceName service={saga.service} colours={colours} />
      <span>{m.versionIs(saga.version)}</span>
      <time dateTime={new Date(startedAt).toISOString()} title={formatDateTime(startedAt, language)}>
        {`${m.started}: ${formatAgo(startedAt, now, language)}`}
      </time>
      {Object.entries(times).map(([name, at]) =>
        at === undefined ? null : (
          <time key={name} dateTime={new Date(at).toISOString()}>
            {`${name}: ${formatDateTime(at, language)}`}
          </time>
        ),
      )}
      <code class="faint">{saga.id}</code>
    </p>
  );
}

/** To what belongs to it elsewhere. */
function Ways({ saga: { service, parent, traceId } }: { readonly saga: SagaDetail }): JSX.Element {
  const m = useMessages();
  return (
    <div class="note-actions">
      {parent === undefined ? null : (
        <Link to={`/sagas/${service}/${parent.id}`} class="button">
          <Icon name="sagas" />
          {m.partOf}
        </Link>
      )}
      {traceId === undefined ? null : (
        <Link to={`/traces/${traceId}`} class="button">
          <Icon name="traces" />
          {m.toTrace}
        </Link>
      )}
    </div>
  );
}

function BackLink(): JSX.Element {
  const m = useMessages();
  return (
    <Link to="/sagas" class="back">
      <Icon name="left" size={14} />
      {m.sagas}
    </Link>
  );
}
