import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What SQLite stores. */
export type Value = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

/** Statements on a read model. They are carried out at once, in this thread: keep them short and their tables indexed. */
export interface Statements {
  /** All rows of a query. */
  all(sql: string, ...values: readonly Value[]): readonly Row[];
  /** Its first row. */
  first(sql: string, ...values: readonly Value[]): Row | undefined;
  /** Changes something; how many rows. */
  run(sql: string, ...values: readonly Value[]): number;
}

/** How many statements are kept prepared; they are the program's own, so that only generated SQL exceeds it. */
const mostPrepared = 200;

/** Statements that are prepared once. */
export function statements(db: DatabaseSync): Statements {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size >= mostPrepared) prepared.clear();
    const made = db.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  return {
    all: (sql, ...values) => prepare(sql).all(...values) as unknown as readonly Row[],
    first: (sql, ...values) => prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
  };
}
