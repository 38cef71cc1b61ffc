import type { EventStore, StoredStream, StreamEvent } from '@dure/event-sourcing';
import { openData, openState, pendingEvents, putFacts, sealedSubjects, stateSubjects } from '@dure/event-sourcing';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Tx, TxInside } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import { lockHeads } from './lock-heads.ts';
import { readable } from './readable-events.ts';

/** How many events of a stream come with the first read; what lies behind them takes reads of its own. */
const firstPage = 1_000;

interface StreamRow {
  readonly stream: string;
  readonly version: number;
  /** Null for a snapshot. */
  readonly type: string | null;
  readonly schema_version: number | null;
  readonly data: unknown;
}

/**
 * Streams in the log of the service that owns them.
 *
 * @example
 * const stocks = repository(stock, { service: 'inventory', store: postgresEventStore() });
 */
export function postgresEventStore<Tables = unknown>(): EventStore<Tx<Tables>> {
  return {
    async load(tx, streams, codeVersion) {
      if (streams.length === 0) return [];
      const inside = insideOf(tx);
      const locked = inside.attempt > 1 ? lockHeads(inside.db, streams) : undefined;
      locked?.catch(() => undefined);
      // Sent behind the lock in the same packet; a statement of its own, so that it sees what the lock waited for.
      const { rows } = await sql<StreamRow>`
        select * from dure.read_streams(${streams}, ${codeVersion}, ${firstPage})`.execute(inside.db);
      await locked;
      const byStream = Map.groupBy(rows, ({ stream }) => stream);
      return Promise.all(
        streams.map(async (stream): Promise<StoredStream> => {
          const found = byStream.get(stream) ?? [];
          const snapshot = found.find(({ type }) => type === null);
          const committed = await whole(inside.db, stream, found.filter(({ type }) => type !== null).map(eventOf));
          const stored = await opened(inside, stream, snapshot, committed);
          const pending = pendingEvents(inside.buffer.messages, stream, stored.version);
          return { ...stored, events: [...stored.events, ...pending] };
        }),
      );
    },
    append: (tx, append) => putFacts(insideOf(tx).buffer, append),
    async read(tx, stream, after, limit) {
      const inside = insideOf(tx);
      return readable(inside, await eventsAfter(inside.db, stream, after, limit));
    },
  };
}

/** With what is encrypted in it made readable; a snapshot in which somebody is forgotten gives way to the events before it. */
async function opened(
  inside: TxInside,
  stream: string,
  kept: StreamRow | undefined,
  committed: readonly StreamEvent[],
): Promise<StoredStream> {
  const inState = stateSubjects(kept?.data);
  const subjects = [...new Set([...inState, ...committed.flatMap(({ data }) => sealedSubjects(data))])];
  const version = committed.at(-1)?.version ?? kept?.version ?? 0;
  const plain = kept === undefined ? undefined : { version: kept.version, state: kept.data };
  if (subjects.length === 0) return { stream, snapshot: plain, events: committed, version, subjects };
  const keys = await inside.keys.open(inside.db, subjects);
  const state = kept === undefined ? undefined : openState(kept.data, keys);
  if (kept !== undefined && state === undefined)
    return opened(inside, stream, undefined, await fromStart(inside, stream));
  return {
    stream,
    snapshot: kept === undefined || state === undefined ? undefined : { version: kept.version, ...state },
    events: committed.map((event) => ({ ...event, data: openData(event.type, event.data, keys) })),
    version,
    // What is masked says nothing of anybody any more.
    subjects: subjects.filter((subject) => keys.has(subject)),
  };
}

async function fromStart({ db }: TxInside, stream: string): Promise<readonly StreamEvent[]> {
  return whole(db, stream, await eventsAfter(db, stream, 0, firstPage));
}

async function whole(
  db: Transaction<unknown>,
  stream: string,
  first: readonly StreamEvent[],
): Promise<readonly StreamEvent[]> {
  if (first.length < firstPage) return first;
  const events = [...first];
  for (;;) {
    const page = await eventsAfter(db, stream, events.at(-1)?.version ?? 0, firstPage);
    events.push(...page);
    if (page.length < firstPage) return events;
  }
}

async function eventsAfter(
  db: Transaction<unknown>,
  stream: string,
  after: number,
  limit: number,
): Promise<readonly StreamEvent[]> {
  const { rows } = await sql<StreamRow>`
    select stream, stream_version as version, type, version as schema_version, data from dure.log
    where stream = ${stream} and stream_version > ${after} order by stream_version limit ${limit}`.execute(db);
  return rows.map(eventOf);
}

function eventOf({ stream, version, type, schema_version: schemaVersion, data }: StreamRow): StreamEvent {
  return { stream, version, type: type ?? '', schemaVersion: schemaVersion ?? 0, data };
}
