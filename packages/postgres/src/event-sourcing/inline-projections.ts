import type { AnyProjection, Rows, WrittenEvent } from '@dure/event-sourcing';
import { eventSourcingErrors, idsOf } from '@dure/event-sourcing';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import { sqlStateOf } from '../sql-state.ts';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';
import { lockHeads } from './lock-heads.ts';
import { applyEvents } from './projection-rows.ts';

/** What happens at the end of every unit of work, before its COMMIT. */
export type BeforeCommit = (tx: Tx) => Promise<void>;

/**
 * Brings the inline projections up to date with the events that wait for the COMMIT: one round trip for the rows of all of
 * them, and the changes travel with the COMMIT. EVENT_SOURCING_PROJECTION_NOT_READY, EVENT_SOURCING_PROJECTION_SUPERSEDED.
 */
export function inlineProjections(projections: readonly AnyProjection[]): BeforeCommit | undefined {
  // In order of name, in which all units of work take the gates.
  const inline = projections.filter(({ mode }) => mode === 'inline').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (inline.length === 0) return undefined;
  const known = new Set(inline.flatMap(({ steps }) => [...steps.keys()]));
  return async (tx) => {
    const { buffer, db, later } = insideOf(tx);
    const events = buffer.messages
      .filter(({ kind, type }) => kind === 'event' && known.has(type))
      .map(({ type, version, json }): WrittenEvent => {
        return { type, schemaVersion: version, data: JSON.parse(json) as unknown };
      });
    if (events.length === 0) return;
    const touched = inline.filter(({ steps }) => events.some(({ type }) => steps.has(type)));
    // Heads before rows, as in a unit of work that runs again and has locked its heads when it read them.
    const locked = lockHeads(db, [...new Set(buffer.messages.flatMap(({ stream }) => stream?.name ?? []))]);
    locked.catch(() => undefined);
    const opened = await Promise.all(touched.map((one) => openRows(db, one, [...idsOf(one, events)])));
    await locked;
    for (const [index, one] of touched.entries()) {
      let first = opened[index];
      await applyEvents(one, events, {
        tx,
        table: first?.table ?? '',
        async load(ids) {
          const rows = first?.rows ?? (await openRows(db, one, ids)).rows;
          first = undefined; // What is read behind a statement of the projection's own is read anew.
          return rows;
        },
        async write(statements, isLast) {
          for (const { text, values, name } of statements) {
            if (isLast) later(text, values, name);
            else await insideOf(tx).query(text, values);
          }
        },
      });
    }
  };
}

interface Opened {
  readonly table: string;
  readonly rows: Rows;
}

interface OpenedRow {
  readonly id: string | null;
  readonly content: unknown;
  readonly in_table: string | null;
}

async function openRows(db: Transaction<unknown>, projection: AnyProjection, ids: readonly string[]): Promise<Opened> {
  const { name, version, id } = projection;
  try {
    const { rows } = await sql<OpenedRow>`
      select * from dure.open_rows(${name}, ${version}, ${id}, ${ids})`.execute(db);
    return {
      table: rows[0]?.in_table ?? '',
      rows: new Map(rows.slice(1).map(({ id: key, content }) => [key ?? '', content])),
    };
  } catch (error) {
    throw inactive(error, projection) ?? error;
  }
}

function inactive(error: unknown, { name, version }: AnyProjection): Error | undefined {
  if (sqlStateOf(error) !== 'DU003' || !(error instanceof Error)) return undefined;
  const active = 'detail' in error ? Number(error.detail) : 0;
  const details = { projection: name, version, active };
  if (active > version)
    return eventSourcingErrors.PROJECTION_SUPERSEDED(
      `the projection "${name}" is shown in version ${active}; this process knows version ${version} and cannot keep it up to date`,
      { cause: error, details },
    );
  return eventSourcingErrors.PROJECTION_NOT_READY(
    `version ${version} of the projection "${name}" is not shown yet, so that its events cannot be appended`,
    { cause: error, details },
  );
}
