import type { AnyProjection, WrittenEvent } from '@dure/event-sourcing';
import type { Intervention } from '@dure/messaging';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import { applyEvents, selectRows } from './projection-rows.ts';
import { readable } from './readable-events.ts';

/** A table of a projection: one run of one version. */
export interface ProjectionTable {
  readonly name: string;
  readonly version: number;
  /** Which rebuild of the version it is; 1 is the first making. */
  readonly run: number;
  readonly mode: 'inline' | 'async';
  /** `building` and `retired` ones follow the log and are not shown. */
  readonly state: 'building' | 'active' | 'retired';
  /** What of the log is in it; an active inline one is always up to date. */
  readonly position: number;
  /** Epoch milliseconds. */
  readonly changedAt: number;
  /** Who has it built, and who has paused that. */
  readonly asked?: Intervention | undefined;
  readonly paused?: Intervention | undefined;
}

interface TableRow extends Omit<ProjectionTable, 'position' | 'changedAt' | 'asked' | 'paused'> {
  readonly pos: number;
  readonly changed_at: number;
  readonly asked: Intervention | null;
  readonly paused: Intervention | null;
}

interface EventRow {
  readonly pos: number;
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
}

/** How many positions, and how many events of them, one batch looks at. */
const window = 20_000;
const batch = 2_000;

/** All tables of a projection, whatever release made them, the oldest first. */
export async function tablesOf(db: Kysely<unknown>, name: string): Promise<readonly ProjectionTable[]> {
  const { rows } = await sql<TableRow>`
    select name, version, run, mode, state, pos, changed_at, asked, paused from dure.projection
    where name = ${name} order by version, run`.execute(db);
  return rows.map(({ pos: position, changed_at: changedAt, asked, paused, ...table }) => ({
    ...table,
    position,
    changedAt,
    asked: asked ?? undefined,
    paused: paused ?? undefined,
  }));
}

/** Makes a table, empty, unless it is there. */
export async function makeTable(tx: Tx, { name, version, mode, id, columns, indexes }: AnyProjection, run: number) {
  await sql`select dure.make_projection(
    ${name}, ${version}, ${run}, ${mode}, ${id}, ${JSON.stringify(columns)}::jsonb, ${[...indexes]})`.execute(tx.db);
}

/** Notes who has a table built. */
export async function noteAsked(
  tx: Tx,
  { name, version }: AnyProjection,
  run: number,
  who: Intervention,
): Promise<void> {
  await sql`update dure.projection set asked = ${JSON.stringify(who)}, paused = null
    where name = ${name} and version = ${version} and run = ${run}`.execute(tx.db);
}

/** Pauses what is being built of a projection, in every process, or lets it go on; whether there is anything. */
export async function pauseBuilding(
  tx: Tx,
  { name, version }: AnyProjection,
  who: Intervention | undefined,
): Promise<boolean> {
  const paused = who === undefined ? null : JSON.stringify(who);
  const { rows } = await sql`update dure.projection set paused = ${paused}
    where name = ${name} and version = ${version} and state = 'building' returning run`.execute(tx.db);
  return rows.length > 0;
}

/** How far a table is, and whether it was shown at that moment. */
export interface Followed {
  readonly position: number;
  readonly shown: boolean;
}

/**
 * Applies the next events up to a position that is safe, and notes how far it is, in one transaction. Undefined when another
 * process is at it, or the table is gone or has become an active inline one. The row is the lock.
 */
export async function followOnce(
  tx: Tx,
  projection: AnyProjection,
  run: number,
  safe: number,
): Promise<Followed | undefined> {
  const { rows } = await sql<{ pos: number; table_name: string; shown: boolean }>`
    select pos, table_name, state = 'active' as shown from dure.projection
    where name = ${projection.name} and version = ${projection.version} and run = ${run}
      and not (mode = 'inline' and state = 'active') and (paused is null or state <> 'building')
    for update skip locked`.execute(tx.db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const upTo = Math.min(safe, row.pos + window);
  const { shown } = row;
  if (upTo <= row.pos) return { position: row.pos, shown };
  const position = await applyStretch(tx, projection, row.table_name, row.pos, upTo);
  await setPosition(tx, projection, run, position);
  return { position, shown };
}

/**
 * Shows a table in place of the active one. Under the gate nobody appends, so that an inline one is brought up to everything
 * there is; an async one to what is safe, and to what the active one holds, so that readers never go back. Fails after two seconds of waiting, so that appenders do not wait longer.
 */
export async function switchTo(tx: Tx, projection: AnyProjection, run: number, safe: number): Promise<void> {
  const { name, version, mode } = projection;
  await sql`set local lock_timeout = '2s'`.execute(tx.db);
  await sql`select pg_advisory_xact_lock(7004, dure.projection_gate(${name}))`.execute(tx.db);
  const { rows } = await sql<{ pos: number; state: string; table_name: string }>`
    select pos, state, table_name from dure.projection
    where name = ${name} and version = ${version} and run = ${run} for update`.execute(tx.db);
  const [row] = rows;
  if (row === undefined || row.state === 'active') return;
  const end = mode === 'inline' ? Number.MAX_SAFE_INTEGER : Math.max(safe, await shownPosition(tx, name));
  let position = row.pos;
  for (;;) {
    const reached = await applyStretch(tx, projection, row.table_name, position, end);
    if (reached === end) break;
    position = reached;
  }
  const at = mode === 'inline' ? Math.max(position, await lastPosition(tx)) : Math.max(position, end);
  await sql`select dure.switch_projection(${name}, ${version}, ${run}, ${at})`.execute(tx.db);
}

/** How far the active table is; it stays there until the transaction ends. */
async function shownPosition(tx: Tx, name: string): Promise<number> {
  const { rows } = await sql<{ pos: number }>`
    select pos from dure.projection where name = ${name} and state = 'active' for update`.execute(tx.db);
  return rows[0]?.pos ?? 0;
}

/** Drops a table that is not shown. */
export async function dropTable(tx: Tx, { name, version, run }: ProjectionTable): Promise<void> {
  await sql`select dure.drop_projection(${name}, ${version}, ${run})`.execute(tx.db);
}

/** The position up to which it has applied everything: that of its last event when there are more, else `upTo`. */
async function applyStretch(
  tx: Tx,
  projection: AnyProjection,
  table: string,
  after: number,
  upTo: number,
): Promise<number> {
  const { rows } = await sql<EventRow>`
    select pos, type, version, case when meta ? 'claim' then dure.whole_data(data, meta) else data end as data from dure.log
    where pos > ${after} and pos <= ${upTo} and kind = 'e' and type = any (${[...projection.steps.keys()]})
    order by pos limit ${batch}`.execute(tx.db);
  const events = rows.map(({ type, version, data }): WrittenEvent => ({ type, schemaVersion: version, data }));
  const inside = insideOf(tx);
  await applyEvents(projection, await readable(inside, events), {
    tx,
    table,
    load: (ids) => selectRows(inside.db, projection, table, ids),
    async write(statements) {
      for (const { text, values, name } of statements) await inside.query(text, values, name);
    },
  });
  return rows.length === batch ? (rows.at(-1)?.pos ?? upTo) : upTo;
}

/** Under the gate: events of this projection that stand at or below it are committed, and later ones come above it. */
async function lastPosition(tx: Tx): Promise<number> {
  const { rows } = await sql<{ last: number }>`
    select coalesce(pg_sequence_last_value('dure.log_pos_seq'), 0) as last`.execute(tx.db);
  return rows[0]?.last ?? 0;
}

async function setPosition(tx: Tx, { name, version }: AnyProjection, run: number, position: number): Promise<void> {
  await sql`update dure.projection set pos = ${position}
    where name = ${name} and version = ${version} and run = ${run}`.execute(tx.db);
}
