import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStore, Message, ReplyData } from '@dure/messaging';
import { sqliteErrors } from './errors.ts';
import type { Statements } from './statements.ts';
import { statements } from './statements.ts';

/** Deliveries into a read model, and how they end. */
export interface SqliteDeliveries {
  readonly deliveries: DeliveryStore<Statements>;
  /** Lets the delivery at hand end; those that wait are turned away. */
  close(): Promise<void>;
}

const moveTo = `insert into dure_source (source, position) values (?, ?)
  on conflict (source) do update set position = excluded.position where position < excluded.position`;

const enterEra =
  'insert into dure_era (source, era) values (?, ?) on conflict (source) do update set era = excluded.era';

/** Applies messages exactly once: the position moves in the transaction of the effect. One connection, so one at a time. */
export function sqliteDeliveryStore(db: DatabaseSync): SqliteDeliveries {
  const sql = statements(db);
  let turn: Promise<void> = Promise.resolve();
  let closed = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(() => {
      if (closed) throw sqliteErrors.FILE_UNUSABLE('the read model is closed, because the service stops');
      return work();
    });
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };
  const inTransaction = async <T>(work: () => Promise<T>): Promise<T> => {
    db.exec('begin immediate');
    try {
      const result = await work();
      db.exec('commit');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      throw error;
    }
  };
  const apply = async (
    message: Message,
    effect: (tx: Statements) => Promise<ReplyData | undefined>,
  ): Promise<'applied' | 'duplicate'> => {
    if (message.kind === 'command')
      throw sqliteErrors.REPLY_UNSUPPORTED(
        `the command "${message.type}" of ${message.source} would need a reply, and a read model has no log to put it into`,
        { details: { type: message.type, id: message.id } },
      );
    if (sql.run(moveTo, message.source, message.position) === 0) return 'duplicate';
    await effect(sql);
    return 'applied';
  };
  const positionOf = (source: string) =>
    Number(sql.first('select position from dure_source where source = ?', source)?.position ?? 0);
  const eraOf = (source: string) =>
    sql.first('select era from dure_era where source = ?', source)?.era as string | undefined;
  return {
    deliveries: {
      position: async (source) => positionOf(source),
      era: async (source) => eraOf(source),
      reached: async (sources) => sources.map((source) => ({ position: positionOf(source), era: eraOf(source) })),
      enterEra: (source, era) => inTurn(async () => void sql.run(enterEra, source, era)),
      skipTo: (source, position, era = eraOf(source)) =>
        inTurn(async () => void (era === eraOf(source) && sql.run(moveTo, source, position))),
      deliver: (message, _call, effect) => inTurn(() => inTransaction(() => apply(message, effect))),
    },
    async close() {
      closed = true;
      await turn;
    },
  };
}
