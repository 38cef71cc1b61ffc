import type { LaneRange, LogPage, Message, MessageFilter, MessageLog, MessageMeta } from '@dure/messaging';
import { brokerLanes, everyLane } from '@dure/messaging';
import type { Answer } from './connection.ts';
import type { Pool } from './pool.ts';
import { leased } from './pool.ts';

/** How many positions one read looks at, at most: a narrow filter must not turn into a scan of the whole log. */
const window = 10_000;
const kinds = { e: 'event', c: 'command', r: 'reply' } as const;

const columns = 'pos, id, kind, type, version, key, dest, at, data, meta';

/** As `trackOf` names them. */
const lastOfTracks = `
  select case kind when 'e' then 'events' else 'addressed' end as part,
    get_byte(sha256(convert_to(key, 'UTF8')), 0) % $5::int as lane, max(pos) as pos
  from dure.log where pos > $1 and pos <= $2 and (kind = 'e' and type = any($3) or dest = $4)
  group by part, lane`;

interface EndRow {
  readonly part: string;
  readonly lane: number;
  readonly pos: number;
}

/** The service's log, behind the commit fence. `ring` reports the commits of this process. */
export function postgresMessageLog(pool: Pool, service: string): MessageLog & { readonly ring: () => void } {
  const rings = new Set<() => void>();
  let era: string | undefined;
  const log: MessageLog = {
    advance: oneAtATime(async () => {
      const answer = await leased(pool, 'select safe, era from dure.advance_in_era()', undefined, 'dure.advance');
      era = answer.rows[0]?.era as string;
      return answer.rows[0]?.safe as number;
    }),
    async read(after, filter, limit, upTo, lanes) {
      const safe = upTo ?? (await log.advance());
      const to = Math.min(safe, after + window);
      if (to <= after) return { messages: [], mark: after };
      return page(await select(pool, after, to, limit, { filter, lanes }), limit, to, service);
    },
    async asked(reader, after) {
      const text = 'select dure.note_reader($1, $2) as floor';
      return (await leased(pool, text, [reader, after], 'dure.note-reader')).rows[0]?.floor as number;
    },
    async before(at) {
      await log.advance();
      const text = 'select dure.log_before(to_timestamp($1::float8 / 1000)) as pos';
      return (await leased(pool, text, [at], 'dure.log-before')).rows[0]?.pos as number;
    },
    async ends(after, upTo, { events, destination }) {
      const values = [after, upTo, events, destination ?? null, brokerLanes];
      const { rows } = await leased(pool, lastOfTracks, values, 'dure.ends');
      return Object.fromEntries(
        (rows as unknown as readonly EndRow[]).map(({ part, lane, pos }) => [`${service}/${part}/${lane}`, pos]),
      );
    },
    era: () => era,
    async endOf(wanted) {
      const { rows } = await leased(pool, 'select dure.era_end($1) as pos', [wanted]);
      return (rows[0]?.pos as number | null) ?? undefined;
    },
    onAppend(ring) {
      rings.add(ring);
      return () => void rings.delete(ring);
    },
  };
  const ring = () => {
    for (const one of rings) one();
  };
  return { ...log, ring };
}

/**
 * Whoever asks while one runs shares the next: two that run at once would only turn each other away, and an answer
 * must come from a run that began after the question.
 */
function oneAtATime<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    next = undefined;
    const mine = run().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}

function select(pool: Pool, after: number, to: number, limit: number, { filter, lanes }: Wanted): Promise<Answer> {
  const values: unknown[] = [after, to, limit];
  let text = `select ${columns} from dure.log where pos > $1 and pos <= $2`;
  let name = 'dure.read';
  if (filter !== 'all') {
    text += ` and (kind = 'e' and type = any($4) or dest = $5)`;
    name += '-some';
    values.push(filter.events, filter.destination ?? null);
  }
  if (lanes !== undefined && (lanes.from > everyLane.from || lanes.to < everyLane.to)) {
    // As `laneOf` computes it.
    text += ` and get_byte(sha256(convert_to(key, 'UTF8')), 0) between $${values.push(lanes.from)} and $${values.push(lanes.to)}`;
    name += '-lanes';
  }
  return leased(pool, `${text} order by pos limit $3`, values, name);
}

/** What of the log is read. */
interface Wanted {
  readonly filter: MessageFilter | 'all';
  readonly lanes: LaneRange | undefined;
}

interface LogRow {
  readonly pos: number;
  readonly id: string;
  readonly kind: 'e' | 'c' | 'r';
  readonly type: string;
  readonly version: number;
  readonly key: string;
  readonly dest: string | null;
  readonly at: number;
  readonly data: unknown;
  readonly meta: MessageMeta;
}

function page(answer: Answer, limit: number, to: number, source: string): LogPage {
  const messages = (answer.rows as unknown as readonly LogRow[]).map((row) => messageOf(row, source));
  const full = messages.length === limit;
  return { messages, mark: full ? (messages.at(-1)?.position ?? to) : to };
}

function messageOf(row: LogRow, source: string): Message {
  return {
    position: row.pos,
    id: row.id,
    kind: kinds[row.kind],
    source,
    type: row.type,
    version: row.version,
    key: row.key,
    destination: row.dest ?? undefined,
    at: row.at,
    data: row.data,
    meta: row.meta,
  };
}
