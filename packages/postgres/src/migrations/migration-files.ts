import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresErrors } from '../errors.ts';

/** One migration or seed as it stands in its folder. */
export interface MigrationFile {
  /** `0001-create-orders.sql` */
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  /** SHA-256 of the text, in hexadecimal; line ends do not count. */
  readonly checksum: string;
}

/** Reads a folder's files in order; none when there is no such folder. POSTGRES_MIGRATION_NAME for a misnamed one. */
export async function migrationFiles(folder: string): Promise<readonly MigrationFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const sqlNames = names.filter((name) => name.endsWith('.sql')).sort();
  checkNames(folder, sqlNames);
  return Promise.all(sqlNames.map((name) => readMigration(folder, name)));
}

async function readMigration(folder: string, name: string): Promise<MigrationFile> {
  const path = join(folder, name);
  const sql = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n');
  return { name, path, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

function checkNames(folder: string, names: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const name of names) {
    if (!/^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name)) {
      throw postgresErrors.MIGRATION_NAME(
        `${join(folder, name)} is not named like 0002-add-price.sql: four digits, then lower-case words joined by hyphens; rename it`,
        { details: { folder, name } },
      );
    }
    const number = name.slice(0, 4);
    const other = taken.get(number);
    if (other !== undefined) {
      throw postgresErrors.MIGRATION_NAME(
        `${other} and ${name} in ${folder} have the same number ${number}; give one of them the next free number`,
        { details: { folder, name, other } },
      );
    }
    taken.set(number, name);
  }
}
