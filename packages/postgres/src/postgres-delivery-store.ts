import type {
  BatchEffect,
  DeliveryOutcome,
  DeliveryWay,
  Effect,
  Message,
  ParkingDeliveryStore,
  ReplyData,
  StreamReached,
} from '@dure/messaging';
import { messagingErrors, toCloudEvent } from '@dure/messaging';
import { deliverTogether } from './deliver-together.ts';
import type { Claimed } from './delivery-claim.ts';
import { claim, claimBatch, claimed, keepReply, namesOf, putBehind } from './delivery-claim.ts';
import { carryOut, causeOfMessage, openingOf } from './delivery-work.ts';
import { inboxSweeper } from './inbox-sweeper.ts';
import type { Pool } from './pool.ts';
import { leased } from './pool.ts';
import { postgresDeliveryOperations } from './postgres-delivery-operations.ts';
import { postgresParkedKeys } from './postgres-parked-keys.ts';
import { sqlStateOf } from './sql-state.ts';
import type { Tx } from './transaction.ts';
import type { UnitKit } from './unit-kit.ts';
import type { UnitPlan } from './unit-of-work.ts';
import { runUnit } from './unit-of-work.ts';

const moveTo = `insert into dure.source as s (source, pos) values ($1, $2)
  on conflict (source) do update set pos = excluded.pos, changed_at = dure.now() where s.pos < excluded.pos
    and ($3::text is null or s.era = $3)`;
const reached = `select coalesce(s.pos, 0) as position, s.era
  from unnest($1::text[]) with ordinality as w (source, n) left join dure.source s using (source) order by w.n`;
const enterEra = `insert into dure.source as s (source, pos, era) values ($1, 0, $2)
  on conflict (source) do update set era = excluded.era where s.era is distinct from excluded.era`;
const fortnightMs = 14 * 86_400_000;

/** See `dure.take`. */
const positionLost = 'DU006';

const parkTaken = (taken: string) => `select dure.park(${taken}, $1, $3, $4, $5, $6, $7) as outcome`;
const parkByPosition = parkTaken('dure.take($1, $2, $3, $8)');
const parkById = parkTaken('(dure.take_once($1, $2, $3)).outcome');

/** Applies messages exactly once: that it was is remembered in the transaction of the effect. */
export function postgresDeliveryStore(kit: UnitKit, pool: Pool, idsKeptMs = fortnightMs): ParkingDeliveryStore<Tx> {
  const sweepIds = inboxSweeper(pool, kit.clock, idsKeptMs);
  const swept = async <T>(delivery: Promise<T>, { by }: DeliveryWay): Promise<T> => {
    if (by === 'id') sweepIds();
    return delivery;
  };
  return {
    idsKeptMs,
    async position(stream) {
      const { rows } = await leased(pool, 'select pos from dure.source where source = $1', [stream]);
      return (rows[0]?.pos as number | undefined) ?? 0;
    },
    async reached(streams) {
      const { rows } = await leased(pool, reached, [streams], 'dure.reached');
      return (rows as unknown as readonly (StreamReached & { readonly era: string | null })[]).map((row) => ({
        position: row.position,
        era: row.era ?? undefined,
      }));
    },
    async skipTo(stream, position, era) {
      await leased(pool, moveTo, [stream, position, era ?? null], 'dure.move-to');
    },
    async era(stream) {
      const { rows } = await leased(pool, 'select era from dure.source where source = $1', [stream]);
      return (rows[0]?.era as string | null | undefined) ?? undefined;
    },
    async enterEra(stream, era) {
      await leased(pool, enterEra, [stream, era]);
    },
    async deliver(message, call, effect, way = {}) {
      try {
        return await swept(runUnit(kit, call, single(message, effect, way)), way);
      } catch (error) {
        throw sqlStateOf(error) === positionLost ? lostPosition(message, way, error) : error;
      }
    },
    async deliverBatch(messages, call, effect, way = {}) {
      const [head] = messages;
      return head === undefined ? [] : swept(runUnit(kit, call, batch(head, messages, effect, way)), way);
    },
    deliverTogether: (deliveries, way = {}) => deliverTogether(kit, deliveries, way),
    async park(message, failure, way = {}) {
      const { position, key, id, kind } = message;
      const told = [key, id, kind.charAt(0), JSON.stringify(toCloudEvent(message)), JSON.stringify(failure)];
      const { stream, parkedAs } = namesOf(message, way);
      const { rows } = await (way.by === 'id'
        ? leased(pool, parkById, [parkedAs, id, ...told])
        : leased(pool, parkByPosition, [parkedAs, position, ...told, stream]));
      return rows[0]?.outcome as Exclude<DeliveryOutcome, 'applied'>;
    },
    parked: postgresParkedKeys(kit, pool),
    operations: postgresDeliveryOperations(pool),
  };
}

function lostPosition(message: Message, way: DeliveryWay, cause: unknown): Error {
  const { stream } = namesOf(message, way);
  return messagingErrors.POSITION_LOST(
    `what this service applied of "${stream}" up to ${way.after} is partly lost, and is applied again`,
    { cause, details: { stream, after: way.after } },
  );
}

function single(message: Message, effect: Effect<Tx>, way: DeliveryWay): UnitPlan<DeliveryOutcome> {
  const { parkedAs } = namesOf(message, way);
  let found: Claimed = { outcome: 'new', reply: null };
  let reply: ReplyData | undefined;
  return {
    name: `deliver ${message.type}`,
    cause: causeOfMessage(message),
    opening: openingOf(message, claim(message, way)),
    decide([answer]) {
      found = claimed(answer);
      reply = undefined;
      const { outcome } = found;
      return outcome === 'paused' || (outcome === 'duplicate' && !found.reply) ? { value: outcome } : undefined;
    },
    async work(tx, unit) {
      if (found.outcome === 'new') {
        reply = await carryOut(message, effect, tx, unit);
        return 'applied';
      }
      if (found.reply) unit.buffer.reply(message, found.reply);
      else await unit.local.all([putBehind([message], parkedAs)]);
      return found.outcome;
    },
    closing: () => (reply === undefined || way.by !== 'id' ? [] : [keepReply(message, parkedAs, reply)]),
  };
}

function batch(
  head: Message,
  messages: readonly Message[],
  effect: BatchEffect<Tx>,
  way: DeliveryWay,
): UnitPlan<readonly DeliveryOutcome[]> {
  const { parkedAs } = namesOf(head, way);
  let outcomes: readonly Claimed['outcome'][] = [];
  const those = (outcome: Claimed['outcome']) => messages.filter((_, index) => outcomes[index] === outcome);
  return {
    name: `deliver ${messages.length} messages`,
    cause: causeOfMessage(head),
    opening: [claimBatch(head, messages, way)],
    decide([answer]) {
      outcomes = answer?.rows[0]?.outcomes as readonly Claimed['outcome'][];
      const isOver = outcomes.every((outcome) => outcome === 'duplicate' || outcome === 'paused');
      return isOver ? { value: outcomes as readonly DeliveryOutcome[] } : undefined;
    },
    async work(tx, unit) {
      const [parked, fresh] = [those('parked'), those('new')];
      if (parked.length > 0) await unit.local.all([putBehind(parked, parkedAs)]);
      if (fresh.length > 0) await effect(tx, fresh);
      return outcomes.map((outcome) => (outcome === 'new' ? 'applied' : outcome));
    },
  };
}
