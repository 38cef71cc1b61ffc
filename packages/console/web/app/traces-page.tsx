import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { navigate, usePlace } from '../design/navigation.tsx';
import { Empty, Skeleton } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { useResource } from '../design/use-resource.ts';
import type { TraceFilters } from './api.ts';
import { searchTraces } from './api.ts';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { TraceFilterForm } from './trace-filter-form.tsx';
import { TraceList } from './trace-list.tsx';
import { useMessages } from './use-messages.ts';

/** Finds traces. The filters stand in the address, so that a search can be sent to a colleague. */
export function TracesPage(): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const filters = filtersOf(query);
  const search = useResource(`traces${queryString({ ...filters })}`, (signal) => searchTraces(filters, signal));
  const apply = (next: TraceFilters) => navigate(`/traces${queryString({ ...next })}`, { replace: true });
  return (
    <>
      <PageHead
        title={m.traces}
        aside={
          <button type="button" class="button" onClick={search.reload}>
            <Icon name="refresh" />
            {m.refresh}
          </button>
        }
      >
        <p class="page-sub" role="status">
          {search.value === undefined ? null : m.traceCount(search.value.traces.length)}
        </p>
      </PageHead>
      <TraceFilterForm key={queryString({ ...filters })} filters={filters} apply={apply} />
      {search.failure === undefined ? null : <ProblemView failure={search.failure} retry={search.reload} />}
      {search.value === undefined ? (
        search.loading && <Skeleton rows={8} height="2.5rem" />
      ) : search.value.traces.length === 0 ? (
        <Empty icon="traces" title={m.tracesEmpty}>
          <p>{m.tracesEmptyHint}</p>
        </Empty>
      ) : (
        <TraceList traces={search.value.traces} more={search.value.more} />
      )}
    </>
  );
}

function filtersOf(query: URLSearchParams): TraceFilters {
  return {
    service: query.get('service') ?? undefined,
    operation: query.get('operation') ?? undefined,
    minDurationMs: query.get('minDurationMs') ?? undefined,
    error: query.get('error') === 'true' ? 'true' : undefined,
    text: query.get('text') ?? undefined,
  };
}
