import type { AnySaga, DueSaga, OpenSagas, SagaHistoryEntry, SagaStore } from '@dure/saga';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import { attempt } from './attempt.ts';
import { arrivals } from './saga-arrivals.ts';
import type { SagaRow } from './saga-row.ts';
import { instanceOf, sagaColumns, savedAs } from './saga-row.ts';
import { insertSaga, sendCommands } from './start-saga.ts';

const columns = sql.raw(sagaColumns);

/**
 * Sagas in the database of the service that owns them.
 *
 * @example
 * const runner = sagaRunner({ …, store: postgresSagaStore(db), unitOfWork: db });
 */
export function postgresSagaStore({ read }: { readonly read: Kysely<unknown> }): SagaStore<Tx> {
  return {
    insert: (tx, change) => insertSaga(insideOf(tx), change),
    async lock(tx, id, how = 'wait') {
      const lock = sql.raw(how === 'wait' ? 'for update' : 'for update skip locked');
      const { rows } = await sql<SagaRow>`select ${columns} from dure.saga where id = ${id} ${lock}`.execute(tx.db);
      return rows[0] === undefined ? undefined : instanceOf(rows[0]);
    },
    save(tx, change) {
      const inside = insideOf(tx);
      inside.later('select dure.save_saga($1, $2)', savedAs(change, 'changeable'));
      sendCommands(inside, change);
    },
    async attempt(tx, work) {
      const outcome = await attempt(insideOf(tx), 'saga_end', work);
      return outcome.ok ? { ok: true } : outcome;
    },
    ...arrivals,
    async due(sagas, limit) {
      const { rows } = await sql<DueRow>`
        select id, due_at, traceparent, correlation from dure.saga
        where due_at is not null and (name, version, shape) in (select * from ${pins(sagas)})
        order by due_at limit ${limit}`.execute(read);
      return rows.map(({ id, due_at, traceparent, correlation }): DueSaga => {
        return { id, dueAt: due_at, traceparent, correlation };
      });
    },
    async open() {
      const { rows } = await sql<OpenSagas>`
        select name as saga, version, shape, count(*) as count from dure.saga
        where state not in ('completed', 'compensated') group by name, version, shape order by name, version`.execute(
        read,
      );
      return rows;
    },
    async find(id) {
      const { rows } = await sql<SagaRow>`select ${columns} from dure.saga where id = ${id}`.execute(read);
      return rows[0] === undefined ? undefined : instanceOf(rows[0]);
    },
    async list({ state = null, saga = null, key = null, limit }) {
      const { rows } = await sql<SagaRow>`
        select ${columns} from dure.saga
        where (${state}::text is null or state = ${state}) and (${saga}::text is null or name = ${saga})
          and (${key}::text is null or key = ${key})
        order by id desc limit ${limit}`.execute(read);
      return rows.map(instanceOf);
    },
    async history(id) {
      const { rows } = await sql<HistoryRow>`
        select at, what, step, direction, attempt, detail from dure.saga_history
        where saga_id = ${id} order by n`.execute(read);
      return rows.map(entryOf);
    },
  };
}

interface DueRow {
  readonly id: string;
  readonly due_at: number;
  readonly traceparent: string;
  readonly correlation: string;
}

type HistoryRow = { readonly [Key in keyof SagaHistoryEntry]-?: Exclude<SagaHistoryEntry[Key], undefined> | null };

function entryOf(row: HistoryRow): SagaHistoryEntry {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as SagaHistoryEntry;
}

function pins(sagas: readonly AnySaga[]) {
  const pinned = JSON.stringify(sagas.map(({ name, version, shape }) => ({ name, version, shape })));
  return sql`jsonb_to_recordset(${pinned}::jsonb) as pin(name text, version int, shape text)`;
}
