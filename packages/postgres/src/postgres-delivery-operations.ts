import type {
  DeliveryAction,
  DeliveryOperations,
  Intervention,
  ParkedKeyView,
  ParkedMessageView,
} from '@dure/messaging';
import { fromCloudEvent } from '@dure/messaging';
import type { Pool } from './pool.ts';
import { leased } from './pool.ts';

const list = `
  select k.source, k.key, k.state, k.attempts, k.since, k.next_at, k.error,
    (select count(*) from dure.parked_message m where m.source = k.source and m.key = k.key) as messages,
    (select json_build_object('id', m.id, 'type', m.envelope ->> 'type') from dure.parked_message m
      where m.source = k.source and m.key = k.key order by m.n limit 1) as first
  from dure.parked_key k
  where ($1::text is null or k.source = $1) and ($2::text is null or k.key = $2) and ($3::text is null or k.state = $3)
  order by k.since, k.source, k.key limit $4`;
const messages = `
  select envelope, replacement, edited from dure.parked_message where source = $1 and key = $2 order by n limit $3`;
const message =
  'select envelope, replacement, edited from dure.parked_message where source = $1 and id = $2 order by n limit 1';
const actions = 'select what, source, key, id, by, why, at, detail from dure.delivery_action order by n desc limit $1';

/** What operators can do about the deliveries of the service whose database it is. */
export function postgresDeliveryOperations(pool: Pool): DeliveryOperations {
  const ask = async (text: string, ...values: readonly unknown[]) =>
    (await leased(pool, `select ${text} as answer`, values)).rows[0]?.answer;
  const said = (who: Intervention) => JSON.stringify(who);
  return {
    async list({ source = null, key = null, state = null, limit }) {
      const { rows } = await leased(pool, list, [source, key, state, limit]);
      return (rows as unknown as readonly KeyRow[]).map(keyView);
    },
    async messages(source, key, limit) {
      const { rows } = await leased(pool, messages, [source, key, limit]);
      return (rows as unknown as readonly MessageRow[]).map(messageView);
    },
    async message(source, id) {
      const { rows } = await leased(pool, message, [source, id]);
      return (rows as unknown as readonly MessageRow[]).map(messageView)[0];
    },
    retry: async (source, key, who) =>
      (await ask('dure.retry_parked($1, $2, $3)', source, key ?? null, said(who))) as number,
    edit: async (source, id, data, who) =>
      (await ask('dure.edit_parked($1, $2, $3, $4)', source, id, JSON.stringify(data) ?? 'null', said(who))) === true,
    skip: async (source, id, who) => (await ask('dure.skip_parked($1, $2, $3)', source, id, said(who))) === true,
    async pause(source, who) {
      await ask('dure.pause_source($1, $2, true)', source, said(who));
    },
    async resume(source, who) {
      await ask('dure.pause_source($1, $2, false)', source, said(who));
    },
    setBack: async (source, streams, position, who) =>
      (await ask(
        'dure.set_back($1, $2, $3, $4, $5)',
        source,
        streams.map(({ stream }) => stream),
        streams.map(({ era }) => era ?? null),
        position,
        said(who),
      )) as number,
    async actions(limit) {
      const { rows } = await leased(pool, actions, [limit]);
      return (rows as unknown as readonly ActionRow[]).map(({ key, id, detail, ...action }) => ({
        ...action,
        key: key ?? undefined,
        id: id ?? undefined,
        detail: detail ?? undefined,
      }));
    },
  };
}

interface KeyRow extends Omit<ParkedKeyView, 'nextAt'> {
  readonly next_at: number;
}

function keyView({ next_at, error, ...row }: KeyRow): ParkedKeyView {
  const { code, message } = error;
  return { ...row, error: { code, message }, nextAt: row.state === 'stopped' ? undefined : next_at };
}

interface MessageRow {
  readonly envelope: unknown;
  readonly replacement: unknown;
  readonly edited: Intervention | null;
}

function messageView({ envelope, replacement, edited }: MessageRow): ParkedMessageView {
  return { message: fromCloudEvent(envelope), edited: edited === null ? undefined : { ...edited, data: replacement } };
}

interface ActionRow extends Omit<DeliveryAction, 'key' | 'id' | 'detail'> {
  readonly key: string | null;
  readonly id: string | null;
  readonly detail: unknown;
}
