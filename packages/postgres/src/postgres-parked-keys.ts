import type { DeliveryStanding, Intervention, Message, ParkedKeys, ParkedMessage, ReplyData } from '@dure/messaging';
import { fromCloudEvent } from '@dure/messaging';
import { keepReply } from './delivery-claim.ts';
import { carryOut, causeOfMessage, openingOf } from './delivery-work.ts';
import type { Pool } from './pool.ts';
import { leased } from './pool.ts';
import type { Tx } from './transaction.ts';
import type { UnitKit } from './unit-kit.ts';
import { runUnit } from './unit-of-work.ts';

const standing = `
  select (select paused from dure.source where source = $1) as paused, count(*) as keys,
    count(*) filter (where state = 'stopped') as stopped, count(*) filter (where kind = 'r') as replies,
    min(since) as since, min(next_at) filter (where state = 'waiting') as next_at
  from dure.parked_key where source = $1`;
const due = `
  select key from dure.parked_key
  where source = $1 and state = 'waiting' and next_at <= to_timestamp($2::double precision / 1000)
  order by next_at limit $3`;
const first = `
  select m.n, m.revision, m.source, m.key, k.attempts, m.envelope, m.replacement, m.edited
  from dure.parked_key k join dure.parked_message m using (source, key)
  where k.source = $1 and k.key = $2 order by m.n limit 1`;
/** Whoever holds the row applies it; a rival passes by. */
const claim = `
  select from dure.parked_message m
  where n = $1 and revision = $2
    and not exists (select from dure.parked_message e where e.source = m.source and e.key = m.key and e.n < m.n)
    and not exists (select from dure.source s where s.source = m.source and s.paused is not null)
  for update of m skip locked`;
const failed = `
  update dure.parked_key set attempts = $4, error = $5, state = case when $6::double precision is null then 'stopped' else 'waiting' end,
    next_at = to_timestamp(coalesce($6::double precision, $7::double precision) / 1000)
  where source = $1 and key = $2 and attempts = $3`;

/** Parked keys in the database of the service that consumes. */
export function postgresParkedKeys(kit: UnitKit, pool: Pool): ParkedKeys<Tx> {
  return {
    async standing(source) {
      const { rows } = await leased(pool, standing, [source], 'dure.standing');
      return standingIn(rows[0] as unknown as StandingRow);
    },
    async due(source, now, limit) {
      const { rows } = await leased(pool, due, [source, now, limit]);
      return rows.map(({ key }) => key as string);
    },
    async first(source, key) {
      const { rows } = await leased(pool, first, [source, key]);
      return rows[0] === undefined ? undefined : parkedIn(rows[0] as unknown as ParkedRow);
    },
    apply(parked, call, effect) {
      const { message, number, revision, source } = parked;
      let reply: ReplyData | undefined;
      return runUnit<'applied' | 'elsewhere'>(kit, call, {
        name: `deliver ${message.type}`,
        cause: causeOfMessage(message),
        opening: openingOf(message, { text: claim, values: [number, revision] }),
        decide: ([answer]) => (answer?.rowCount === 1 ? undefined : { value: 'elsewhere' }),
        async work(tx, unit) {
          reply = await carryOut(message, effect, tx, unit);
          return 'applied';
        },
        closing: () => [
          { text: 'select dure.unpark($1)', values: [number] },
          ...(reply === undefined ? [] : [keepReply(message, source, reply)]),
        ],
      });
    },
    async failed({ source, key, attempts }, failure) {
      const { at, nextAt = null } = failure;
      const error = JSON.stringify(failure);
      await leased(pool, failed, [source, key, attempts, failure.attempts, error, nextAt, at]);
    },
  };
}

interface StandingRow {
  readonly paused: Intervention | null;
  readonly keys: number;
  readonly stopped: number;
  readonly replies: number;
  readonly since: number | null;
  readonly next_at: number | null;
}

function standingIn({ paused, keys, stopped, replies, since, next_at }: StandingRow): DeliveryStanding {
  return {
    paused: paused ?? undefined,
    keys,
    stopped,
    replies,
    since: since ?? undefined,
    nextAt: next_at ?? undefined,
  };
}

interface ParkedRow {
  readonly n: number;
  readonly revision: number;
  readonly source: string;
  readonly key: string;
  readonly attempts: number;
  readonly envelope: unknown;
  readonly replacement: unknown;
  readonly edited: Intervention | null;
}

function parkedIn({ n, revision, source, key, attempts, envelope, replacement, edited }: ParkedRow): ParkedMessage {
  const original: Message = fromCloudEvent(envelope);
  const message = edited === null ? original : { ...original, data: replacement };
  return { number: n, revision, source, key, attempts, message };
}
