import type { JSX } from 'preact';
import type { SagaList } from '../../src/saga-contract.ts';
import { navigate, usePlace } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { useEvery } from '../design/use-every.ts';
import { useResource } from '../design/use-resource.ts';
import type { SagaFilters } from './api.ts';
import { listSagas } from './api.ts';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { SagaFilterForm } from './saga-filter-form.tsx';
import { SagaTable } from './saga-table.tsx';
import { useMessages } from './use-messages.ts';

const refreshMs = 2_000;

/** The sagas of all services; those that wait for somebody come first. The filters stand in the address. */
export function SagasPage(): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const filters = filtersOf(query);
  const found = useResource(`sagas${queryString({ ...filters })}`, (signal) => listSagas(filters, signal));
  useEvery(found.failure?.kind === 'problem' ? undefined : refreshMs, found.reload);
  const apply = (next: SagaFilters) => navigate(`/sagas${queryString({ ...next })}`, { replace: true });
  const { value } = found;
  return (
    <>
      <PageHead title={m.sagas}>
        <p class="page-sub" role="status">
          {value === undefined ? null : sentence(m, value)}
        </p>
      </PageHead>
      <SagaFilterForm key={queryString({ ...filters })} filters={filters} sagas={value?.sagas} apply={apply} />
      {found.failure === undefined ? null : <ProblemView failure={found.failure} retry={found.reload} />}
      {value === undefined || value.silent.length === 0 ? null : (
        <Note tone="warn">{m.sagasSilent(value.silent.join(', '))}</Note>
      )}
      {value === undefined ? (
        found.loading && <Skeleton rows={8} height="2.5rem" />
      ) : value.sagas.length === 0 ? (
        <Empty icon="sagas" title={m.sagasEmpty}>
          <p>{m.sagasEmptyHint}</p>
        </Empty>
      ) : (
        <SagaTable list={value} />
      )}
    </>
  );
}

function sentence(m: ReturnType<typeof useMessages>, { sagas }: SagaList): string {
  const stuck = sagas.filter(({ state }) => state === 'needs-operator').length;
  return stuck > 0
    ? m.sagasStuck(stuck)
    : m.sagasQuiet(sagas.filter(({ finishedAt }) => finishedAt === undefined).length);
}

function filtersOf(query: URLSearchParams): SagaFilters {
  const [service, saga, state, key] = ['service', 'saga', 'state', 'key'].map((name) => query.get(name) ?? undefined);
  return { service, saga, state, key };
}
