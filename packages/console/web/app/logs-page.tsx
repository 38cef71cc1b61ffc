import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LogLine } from '../../src/contract.ts';
import { Icon } from '../design/icons.tsx';
import { navigate, usePlace } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { useResource } from '../design/use-resource.ts';
import type { LogFilters } from './api.ts';
import { searchLogs } from './api.ts';
import { LogFilterForm } from './log-filter-form.tsx';
import { LogLines } from './log-lines.tsx';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { useColours } from './use-colours.ts';
import { useMessages } from './use-messages.ts';
import { useTail } from './use-tail.ts';

/** Finds log lines, newest first, and follows new ones live. */
export function LogsPage(): JSX.Element {
  const { query } = usePlace();
  const filters = filtersOf(query);
  const key = queryString({ ...filters });
  return <LogBoard key={key} filters={filters} live={query.get('live') === 'true'} />;
}

function LogBoard({ filters, live }: { readonly filters: LogFilters; readonly live: boolean }): JSX.Element {
  const m = useMessages();
  const search = useResource('first page', (signal) => searchLogs(filters, undefined, signal));
  const tail = useTail(filters, live);
  const older = useOlder(filters);
  const lines = merge(tail.lines, search.value?.logs ?? [], older.lines);
  const colours = useColours(lines.map(({ service }) => service));
  const go = (next: LogFilters, nextLive: boolean) =>
    navigate(`/logs${queryString({ ...next, live: nextLive })}`, { replace: true });
  const more = older.more ?? search.value?.more ?? false;
  return (
    <>
      <PageHead title={m.logs} aside={<LiveButton live={live} toggle={() => go(filters, !live)} />}>
        <p class="page-sub" role="status">
          {live
            ? tail.state === 'lost'
              ? m.liveLost
              : tail.state === 'over'
                ? m.liveOver
                : m.liveOn
            : m.lines(lines.length)}
        </p>
      </PageHead>
      <LogFilterForm filters={filters} apply={(next) => go(next, live)} />
      {search.failure === undefined ? null : <ProblemView failure={search.failure} retry={search.reload} />}
      {search.value === undefined ? (
        search.loading && <Skeleton rows={12} />
      ) : lines.length === 0 ? (
        <Empty icon="logs" title={m.logsEmpty}>
          <p>{m.logsEmptyHint}</p>
        </Empty>
      ) : (
        <section class="panel" aria-label={m.logs}>
          <LogLines lines={lines} colours={colours} />
        </section>
      )}
      {older.failure === undefined ? null : <ProblemView failure={older.failure} retry={() => older.load(lines)} />}
      {more && lines.length > 0 ? (
        <button type="button" class="button older" onClick={() => older.load(lines)}>
          {m.older}
        </button>
      ) : null}
      {live && tail.state === 'over' ? <Note tone="warn">{m.liveOver}</Note> : null}
    </>
  );
}

function LiveButton({ live, toggle }: { readonly live: boolean; readonly toggle: () => void }): JSX.Element {
  const m = useMessages();
  return (
    <button type="button" class={live ? 'button live is-live' : 'button live'} aria-pressed={live} onClick={toggle}>
      {live ? <span class="live-dot" /> : <Icon name="play" />}
      {live ? m.live : m.follow}
    </button>
  );
}

/** Pages of older lines, loaded one after another below the first. */
function useOlder(filters: LogFilters) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [before, setBefore] = useState<number | undefined>(undefined);
  const page = useResource(before === undefined ? undefined : `before ${before}`, (signal) =>
    searchLogs(filters, before, signal),
  );
  const load = (shown: readonly LogLine[]) => {
    setLines(shown);
    const oldest = Math.min(...shown.map(({ id }) => id));
    if (oldest === before) page.reload();
    else setBefore(oldest);
  };
  return { lines: [...lines, ...(page.value?.logs ?? [])], more: page.value?.more, failure: page.failure, load };
}

/** One list of several, newest first, each line once. */
function merge(...lists: readonly (readonly LogLine[])[]): readonly LogLine[] {
  const byId = new Map(lists.flat().map((line) => [line.id, line]));
  return [...byId.values()].sort((a, b) => b.time - a.time || b.id - a.id);
}

function filtersOf(query: URLSearchParams): LogFilters {
  return {
    service: query.get('service') ?? undefined,
    level: query.get('level') ?? undefined,
    text: query.get('text') ?? undefined,
    traceId: query.get('traceId') ?? undefined,
  };
}
