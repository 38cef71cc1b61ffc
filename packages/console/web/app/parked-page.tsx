import type { JSX } from 'preact';
import type { ParkedList } from '../../src/parked-contract.ts';
import { navigate, usePlace } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { useEvery } from '../design/use-every.ts';
import { useResource } from '../design/use-resource.ts';
import type { ParkedFilters } from './api.ts';
import { listParked } from './api.ts';
import { PageHead } from './page-head.tsx';
import { ParkedFilterForm } from './parked-filter-form.tsx';
import { ParkedTable } from './parked-table.tsx';
import { ProblemView } from './problem-view.tsx';
import { useMessages } from './use-messages.ts';

const refreshMs = 2_000;

/** The keys of all services whose messages wait; those that wait for somebody come first. The filters stand in the address. */
export function ParkedPage(): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const filters = filtersOf(query);
  const found = useResource(`parked${queryString({ ...filters })}`, (signal) => listParked(filters, signal));
  useEvery(found.failure?.kind === 'problem' ? undefined : refreshMs, found.reload);
  const apply = (next: ParkedFilters) => navigate(`/parked${queryString({ ...next })}`, { replace: true });
  const { value } = found;
  return (
    <>
      <PageHead title={m.parkedMessages}>
        <p class="page-sub" role="status">
          {value === undefined || value.keys.length === 0 ? null : sentence(m, value)}
        </p>
      </PageHead>
      <ParkedFilterForm key={queryString({ ...filters })} filters={filters} keys={value?.keys} apply={apply} />
      {found.failure === undefined ? null : <ProblemView failure={found.failure} retry={found.reload} />}
      {value === undefined || value.silent.length === 0 ? null : (
        <Note tone="warn">{m.parkedSilent(value.silent.join(', '))}</Note>
      )}
      {value === undefined ? (
        found.loading && <Skeleton rows={8} height="2.5rem" />
      ) : value.keys.length > 0 ? (
        <ParkedTable list={value} />
      ) : (
        value.silent.length === 0 && (
          <NothingParked isFiltered={Object.values(filters).some((one) => one !== undefined)} />
        )
      )}
    </>
  );
}

function NothingParked({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  const m = useMessages();
  return isFiltered ? (
    <Empty icon="search" title={m.parkedNoneFits}>
      <p>{m.parkedNoneFitsHint}</p>
    </Empty>
  ) : (
    <Empty icon="check" title={m.parkedEmpty}>
      <p>{m.parkedEmptyHint}</p>
    </Empty>
  );
}

function sentence(m: ReturnType<typeof useMessages>, { keys }: ParkedList): string {
  const stopped = keys.filter(({ state }) => state === 'stopped').length;
  return [
    ...(stopped > 0 ? [m.parkedStopped(stopped)] : []),
    ...(stopped < keys.length ? [m.parkedRetrying(keys.length - stopped)] : []),
  ].join(' ');
}

function filtersOf(query: URLSearchParams): ParkedFilters {
  const [service, source, state, key] = ['service', 'source', 'state', 'key'].map(
    (name) => query.get(name) ?? undefined,
  );
  return { service, source, state, key };
}
