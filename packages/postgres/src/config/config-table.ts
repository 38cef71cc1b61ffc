import type { Call } from '@dure/core';
import type { UnitOfWork } from '@dure/messaging';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { postgresErrors } from '../errors.ts';
import type { Tx } from '../transaction.ts';

/** The database that a configuration table is in. */
export type ConfigDatabase = UnitOfWork<Tx> & { readonly read: Kysely<unknown> };

/** What a key can hold. */
export type ConfigScalar = string | number | boolean;

/** Whose values are changed. */
export interface ConfigScope {
  /** `application` is for all. */
  readonly application: string;
  /** Default: of every profile. */
  readonly profile?: string;
  /** Default: under every label. */
  readonly label?: string;
}

/** A line of the history. */
export interface ConfigChange extends Required<ConfigScope> {
  readonly n: number;
  readonly key: string;
  /** Null: there was none. */
  readonly before: ConfigScalar | null;
  /** Null: it was removed. */
  readonly after: ConfigScalar | null;
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Configurations in a table, written with a history. Values are stored as they are: encrypt secrets first, `{cipher}…`. */
export interface ConfigTable {
  /**
   * Sets flat keys (`db.pool`, `hosts[0]`), null removes; all of them or none. How many differ from what was there.
   * POSTGRES_CONFIG_INVALID for a name, a key or a value that makes no sense.
   */
  set(
    call: Call,
    scope: ConfigScope,
    values: Readonly<Record<string, ConfigScalar | null>>,
    by: string,
  ): Promise<number>;
  /** The latest changes first. */
  history(filter: { readonly application?: string; readonly limit: number }): Promise<readonly ConfigChange[]>;
}

const mostKeys = 1_000;
const longestKey = 500;
const longestValue = 65_536;
const namePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.@+/-]{0,98}[A-Za-z0-9])?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const keyPattern = /^[^\s\x00-\x1f\x7f=]+$/;

/** The table of configurations in a database with Dure's schema. */
export function configTable(db: ConfigDatabase): ConfigTable {
  return {
    async set(call, { application, profile = '', label = '' }, values, by) {
      const entries = Object.entries(values);
      checkScope({ application, profile, label }, by);
      checkValues(entries);
      return db.uow<number>(call, async (tx) => {
        let changed = 0;
        for (const [key, value] of entries) {
          const json = value === null ? null : JSON.stringify(value);
          const { rows } = await sql<{ set: boolean }>`
            select dure.set_config(${application}, ${profile}, ${label}, ${key}, ${json}::jsonb, ${by}) as set
          `.execute(tx.db);
          if (rows[0]?.set === true) changed += 1;
        }
        return changed;
      });
    },
    async history({ application, limit }) {
      const { rows } = await sql<ConfigChange & { readonly n: string }>`
        select n, application, profile, label, key, before, after, by, at from dure.config_change
        where ${application ?? null}::text is null or application = ${application ?? null}
        order by n desc limit ${limit}`.execute(db.read);
      return rows.map((row) => ({ ...row, n: Number(row.n) }));
    },
  };
}

function checkScope({ application, profile, label }: Required<ConfigScope>, by: string): void {
  for (const [what, name] of Object.entries({ application, profile, label })) {
    if (name === '' && what !== 'application') continue;
    if (!namePattern.test(name) || name.includes('..'))
      throw invalid(`the ${what} ${shown(name)} is no name: expected letters, digits and _ . @ + / - between them`);
  }
  if (by.trim() === '' || by.length > 200) throw invalid('it does not say by whom it is made');
}

function checkValues(entries: readonly (readonly [string, ConfigScalar | null])[]): void {
  if (entries.length === 0 || entries.length > mostKeys)
    throw invalid(`it has ${entries.length} keys; expected 1 to ${mostKeys}`);
  for (const [key, value] of entries) {
    if (key.length > longestKey || !keyPattern.test(key))
      throw invalid(`the key ${shown(key)} is none: expected no blanks, at most ${longestKey} characters`);
    if (value === null || typeof value === 'boolean') continue;
    if (typeof value === 'number' ? !Number.isFinite(value) : typeof value !== 'string')
      throw invalid(`the value of ${shown(key)} is neither text, number nor truth value`);
    if (typeof value === 'string' && value.length > longestValue)
      throw invalid(`the value of ${shown(key)} has ${value.length} characters; expected at most ${longestValue}`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function invalid(why: string): Error {
  return postgresErrors.CONFIG_INVALID(`the change of the configuration is refused: ${why}`);
}
