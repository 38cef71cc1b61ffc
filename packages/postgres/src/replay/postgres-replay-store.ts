import type { Ids } from '@dure/core';
import type { Message, Replay, ReplayAction, ReplayStart, ReplayStore, ReplayWish } from '@dure/messaging';
import { fromCloudEvent, messagingErrors, toCloudEvent } from '@dure/messaging';
import { carryOut, causeOfMessage } from '../delivery-work.ts';
import type { Pool } from '../pool.ts';
import { leased } from '../pool.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import type { UnitKit } from '../unit-kit.ts';
import type { UnitPlan } from '../unit-of-work.ts';
import { runUnit } from '../unit-of-work.ts';

const columns = `id, reaction, source, event, key, since, began_after, starts, pos, up_to, state, applied, error, actions, finished_at,
  (select count(*) from dure.replay_held h where h.replay = r.id) as held`;
/** Whoever holds the row is at it; a rival passes by. */
const claim = `select dure.waits_elsewhere(id, $3) as waits from dure.replay
  where id = $1 and pos = $2 and state = 'running' for update skip locked`;
const begin = 'select dure.begin_replay($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8, $9) as begun';
const lockNotAvailable = '55P03';

/** Replays in the database of the service that reacts; `follower` brings its own events to its reactions. */
export function postgresReplayStore(kit: UnitKit, pool: Pool, ids: Ids, follower: string): ReplayStore<Tx> {
  const select = async (rest: string, ...values: readonly unknown[]) => {
    const { rows } = await leased(pool, `select ${columns} from dure.replay r ${rest}`, values);
    return (rows as unknown as readonly ReplayRow[]).map(replayIn);
  };
  const ask = async (text: string, ...values: readonly unknown[]) =>
    (await leased(pool, `select ${text} as answer`, values)).rows[0]?.answer === true;
  const find = async (id: string) => (await select('where id = $1', id))[0];
  return {
    ...deliveriesOf(kit),
    find,
    async begin(wish) {
      const id = ids.uuid();
      const own = wish.source === kit.service ? follower : null;
      if ((await begun(pool, [id, ...valuesOf(wish), own, saying('begin', wish.who)])) === null)
        throw messagingErrors.REPLAY_UNDERWAY(
          `the reaction "${wish.reaction}" of ${kit.service} is being replayed already`,
          {
            details: { reaction: wish.reaction },
          },
        );
      return (await find(id)) as Replay;
    },
    async reached(source) {
      const own = source === kit.service ? follower : null;
      const { rows } = await leased(pool, 'select dure.reached($1, $2) as pos', [source, own]);
      return rows[0]?.pos as number;
    },
    open: () => select(`where state <> 'done' order by at`),
    list: (limit) => select('order by at desc limit $1', limit),
    async pass({ id, position }, to) {
      const text = `update dure.replay set pos = $3 where id = $1 and pos = $2 and state = 'running'`;
      return (await leased(pool, text, [id, position, to])).rowCount === 1;
    },
    async held(id, limit) {
      const { rows } = await leased(
        pool,
        'select n, envelope from dure.replay_held where replay = $1 order by n limit $2',
        [id, limit],
      );
      return rows.map(({ n, envelope }) => ({ number: n as number, message: fromCloudEvent(envelope) }));
    },
    finish: (id) => ask('dure.finish_replay($1)', id).catch(falseWhenBusy),
    async stop({ id, position }, error) {
      const text = `update dure.replay set state = 'stopped', error = $3 where id = $1 and pos = $2 and state = 'running'`;
      await leased(pool, text, [id, position, JSON.stringify(error)]);
    },
    steer: (id, what, who) => ask('dure.steer_replay($1, $2, $3)', id, what, saying(what, who)),
  };
}

/** What moves a replay together with an effect. */
function deliveriesOf(kit: UnitKit): Pick<ReplayStore<Tx>, 'apply' | 'release' | 'holdBack'> {
  return {
    apply: (replay, message, call, effect) => {
      const { id, position } = replay;
      let waits = false;
      const moved = { text: `update dure.replay set pos = $2, applied = applied + $3 where id = $1` };
      return runUnit<'applied' | 'waiting' | 'elsewhere'>(kit, call, {
        ...planOf(message),
        opening: [{ text: claim, values: [id, position, message.id] }],
        decide([answer]) {
          waits = answer?.rows[0]?.waits === true;
          return answer?.rowCount === 1 ? undefined : { value: 'elsewhere' };
        },
        async work(tx, unit) {
          if (!waits) await carryOut(message, effect, tx, unit);
          return waits ? 'waiting' : 'applied';
        },
        closing: () => [{ ...moved, values: [id, message.position, waits ? 0 : 1] }],
      });
    },
    release: (replay, { number, message }, call, effect) =>
      runUnit<'applied' | 'elsewhere'>(kit, call, {
        ...planOf(message),
        opening: [
          { text: claim, values: [replay.id, replay.position, ''] },
          {
            text: 'delete from dure.replay_held where n = $1 and n = (select min(n) from dure.replay_held where replay = $2)',
            values: [number, replay.id],
          },
        ],
        decide: ([row, gone]) => (row?.rowCount === 1 && gone?.rowCount === 1 ? undefined : { value: 'elsewhere' }),
        async work(tx, unit) {
          await carryOut(message, effect, tx, unit);
          return 'applied';
        },
      }),
    holdBack,
  };
}

/** One query where the reaction is not being replayed, which is nearly always. */
async function holdBack(reaction: string, message: Message, tx: Tx): Promise<boolean> {
  const { query } = insideOf(tx);
  const { rows } = await query('select dure.replay_of($1, $2) as replay', [reaction, message.key], 'dure.replay-of');
  const replay = rows[0]?.replay ?? null;
  if (replay === null) return false;
  const values = [replay, message.id, JSON.stringify(toCloudEvent(message))];
  await query('insert into dure.replay_held (replay, id, envelope) values ($1, $2, $3)', values);
  return true;
}

async function begun(pool: Pool, values: readonly unknown[]): Promise<unknown> {
  try {
    return (await leased(pool, begin, values)).rows[0]?.begun ?? null;
  } catch (error) {
    if (sqlStateOf(error) !== lockNotAvailable) throw error;
    throw messagingErrors.REPLAY_BUSY(
      'deliveries to the reaction were under way for two seconds, so that its replay did not begin',
      {
        cause: error,
      },
    );
  }
}

function valuesOf({ reaction, source, event, key, since, after }: ReplayWish): readonly unknown[] {
  return [reaction, source, event, key ?? null, since ?? null, after];
}

function saying(what: ReplayAction['what'], who: ReplayWish['who']): string {
  return JSON.stringify({ what, ...who });
}

function planOf(message: Message): Pick<UnitPlan<unknown>, 'name' | 'cause'> {
  return { name: `replay ${message.type}`, cause: causeOfMessage(message) };
}

function falseWhenBusy(error: unknown): false {
  if (sqlStateOf(error) === lockNotAvailable) return false;
  throw error;
}

interface ReplayRow {
  readonly id: string;
  readonly reaction: string;
  readonly source: string;
  readonly event: string;
  readonly key: string | null;
  readonly since: number | null;
  readonly began_after: number;
  readonly starts: ReplayStart;
  readonly pos: number;
  readonly up_to: number;
  readonly state: Replay['state'];
  readonly applied: number;
  readonly held: number;
  readonly error: Replay['error'] | null;
  readonly actions: readonly ReplayAction[];
  readonly finished_at: number | null;
}

function replayIn({ began_after, starts, pos, up_to, finished_at, ...row }: ReplayRow): Replay {
  return {
    ...row,
    key: row.key ?? undefined,
    since: row.since ?? undefined,
    error: row.error ?? undefined,
    after: began_after,
    start: starts,
    position: pos,
    upTo: up_to,
    finishedAt: finished_at ?? undefined,
  };
}
