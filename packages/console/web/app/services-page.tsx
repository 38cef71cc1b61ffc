import type { JSX } from 'preact';
import type { OverviewView, ServiceView } from '../../src/contract.ts';
import { formatDuration, formatNumber, formatRate, formatRatio } from '../design/format.ts';
import { Empty, Skeleton } from '../design/notices.tsx';
import { useEvery } from '../design/use-every.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { getOverview, listServices } from './api.ts';
import { FailureList } from './failure-list.tsx';
import { FlowChart } from './flow-chart.tsx';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { ServiceTable } from './service-table.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

const refreshMs = 3_000;

/** Every service with its health and traffic, who calls whom, and what failed of late. */
export function ServicesPage(): JSX.Element {
  const m = useMessages();
  const services = useResource('services', listServices);
  const overview = useResource('overview', getOverview);
  useEvery(services.failure?.kind === 'problem' ? undefined : refreshMs, () => {
    services.reload();
    overview.reload();
  });
  const failure = services.failure ?? overview.failure;
  const reload = () => {
    services.reload();
    overview.reload();
  };
  return (
    <>
      <PageHead title={m.services} aside={overview.value === undefined ? null : <Figures overview={overview.value} />}>
        <p class="page-sub" role="status">
          {services.value === undefined ? null : <Verdict services={services.value.services} />}
        </p>
      </PageHead>
      {failure === undefined ? null : <ProblemView failure={failure} retry={reload} />}
      {services.value === undefined ? (
        services.failure === undefined && <Skeleton rows={8} height="2.25rem" />
      ) : (
        <Board services={services.value.services} overview={overview.value} now={services.value.now} />
      )}
    </>
  );
}

function Board({ services, overview, now }: BoardProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const colours = useColours(services.map(({ service }) => service));
  if (services.length === 0) {
    return (
      <Empty icon="services" title={m.servicesEmpty}>
        <p>{m.servicesEmptyHint}</p>
      </Empty>
    );
  }
  return (
    <div class="board">
      <ServiceTable services={services} overview={overview} now={now} colours={colours} />
      {overview === undefined ? null : (
        <>
          <div class="board-pair">
            <FlowChart overview={overview} colours={colours} />
            <FailureList errors={overview.errors} now={now} colours={colours} />
          </div>
          <p class="note-small">
            {m.storeHolds(
              formatNumber(overview.store.spans, language),
              formatNumber(overview.store.logs, language),
              formatNumber(overview.store.bytes / 1e6, language, 1),
            )}{' '}
            {overview.store.dropped > 0 ? m.dropped(formatNumber(overview.store.dropped, language)) : null}
          </p>
        </>
      )}
    </div>
  );
}

interface BoardProps {
  readonly services: readonly ServiceView[];
  readonly overview: OverviewView | undefined;
  readonly now: number;
}

function Verdict({ services }: { readonly services: readonly ServiceView[] }): JSX.Element {
  const m = useMessages();
  const troubled = services.filter(({ status }) => status !== 'UP').length;
  return <>{troubled === 0 ? m.allUp(services.length) : m.someDown(troubled, services.length)}</>;
}

function Figures({ overview: { total } }: { readonly overview: OverviewView }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <div class="figures">
      <span class="figures-title">{m.lastFiveMinutes}</span>
      <dl>
        <div>
          <dt>{m.requestRate}</dt>
          <dd>{formatRate(total.ratePerSecond, language)}</dd>
        </div>
        <div>
          <dt>{m.errorRatio}</dt>
          <dd class={total.errors > 0 ? 'is-bad' : ''}>{formatRatio(total.errorRatio, language)}</dd>
        </div>
        <div>
          <dt>{m.p95}</dt>
          <dd>{total.p95Ms === undefined ? '–' : formatDuration(total.p95Ms)}</dd>
        </div>
      </dl>
    </div>
  );
}
