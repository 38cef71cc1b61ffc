import type { AnyProjection, Rows, WrittenEvent } from '@dure/event-sourcing';
import { currentData, foldInto, idsOf } from '@dure/event-sourcing';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import { quoteIdentifier } from '../provisioning/quote.ts';
import type { Statement } from '../statement.ts';
import type { Tx } from '../transaction.ts';

/** How events reach a projection's table. */
export interface TableAccess {
  readonly tx: Tx;
  readonly table: string;
  /** The rows of these ids, as they are. */
  load(ids: readonly string[]): Promise<Rows>;
  /** Writes what has changed; `isLast` when nothing is read behind it. */
  write(statements: readonly Statement[], isLast: boolean): Promise<void>;
}

/** Applies events to a table: folds together, each row read and written once, statements one after the other. */
export async function applyEvents(
  projection: AnyProjection,
  events: readonly WrittenEvent[],
  access: TableAccess,
): Promise<void> {
  const stretches = stretchesOf(projection, events);
  for (const [index, { kind, events: these }] of stretches.entries()) {
    if (kind === 'sql') {
      for (const written of these) await runStep(projection, written, access);
      continue;
    }
    const rows = await access.load([...idsOf(projection, these)]);
    const changed = new Set(these.flatMap((written) => foldInto(projection, rows, written) ?? []));
    await access.write(rowStatements(projection, access.table, rows, changed), index === stretches.length - 1);
  }
}

interface Stretch {
  readonly kind: 'fold' | 'sql';
  readonly events: WrittenEvent[];
}

/** Neighbouring events of the same kind of step. */
function stretchesOf(projection: AnyProjection, events: readonly WrittenEvent[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const written of events) {
    const kind = projection.steps.get(written.type)?.kind;
    const last = stretches.at(-1);
    if (kind === undefined) continue;
    if (last?.kind === kind) last.events.push(written);
    else stretches.push({ kind, events: [written] });
  }
  return stretches;
}

async function runStep(projection: AnyProjection, written: WrittenEvent, { tx, table }: TableAccess): Promise<void> {
  const step = projection.steps.get(written.type);
  if (step?.kind === 'sql') await step.run(tx as never, currentData(step.event, written) as never, table);
}

/** Reads rows without any lock of their own. */
export async function selectRows(
  db: Transaction<unknown>,
  { id }: AnyProjection,
  table: string,
  ids: readonly string[],
): Promise<Rows> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ content: Readonly<Record<string, string>> }>`
    select to_jsonb(t) as content from ${sql.id('public', table)} t where t.${sql.id(id)} = any (${ids})`.execute(db);
  return new Map(rows.map(({ content }) => [content[id] ?? '', content]));
}

function rowStatements(
  { id, columns }: AnyProjection,
  table: string,
  rows: Rows,
  changed: ReadonlySet<string>,
): readonly Statement[] {
  const ids = [...changed].sort();
  const present = ids.flatMap((one) => rows.get(one) ?? []);
  const gone = ids.filter((one) => rows.get(one) === null);
  const target = `public.${quoteIdentifier(table)}`;
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const others = names.filter((name) => name !== quoteIdentifier(id));
  const onConflict =
    others.length === 0 ? 'nothing' : `update set ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  const put: Statement = {
    name: `dure.put ${table}`,
    text: `insert into ${target} (${names.join(', ')})
      select ${names.join(', ')} from jsonb_populate_recordset(null::${target}, $1::jsonb)
      on conflict (${quoteIdentifier(id)}) do ${onConflict}`,
    values: [JSON.stringify(present)],
  };
  const take: Statement = {
    name: `dure.take ${table}`,
    text: `delete from ${target} where ${quoteIdentifier(id)} = any ($1)`,
    values: [gone],
  };
  return [...(present.length === 0 ? [] : [put]), ...(gone.length === 0 ? [] : [take])];
}
