import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { HealthCheck } from '@dure/core';
import { messageOf } from '@dure/core';
import type { DeliveryStore } from '@dure/messaging';
import { sqliteErrors } from './errors.ts';
import { sqliteDeliveryStore } from './sqlite-delivery-store.ts';
import type { Statements } from './statements.ts';
import { statements } from './statements.ts';

export interface ReadModelOptions {
  /** Where read models are kept. */
  readonly folder: string;
  /** The process that keeps it. Two of one name, of which one replaces the other, share a file. */
  readonly name: string;
  /** The statements that make its tables. */
  readonly schema: string;
}

/** A read model in its file. */
export interface ReadModelFile extends AsyncDisposable {
  /** Reads what has been committed. What changes something is for reactions, which are given the same within their transaction. */
  readonly read: Pick<Statements, 'all' | 'first'>;
  readonly deliveries: DeliveryStore<Statements>;
  readonly health: HealthCheck;
  /** Lets the delivery at hand end. Idempotent. */
  close(): Promise<void>;
}

const lockTimeoutMs = 2_000;
const ownTables =
  'create table dure_source (source text primary key, position integer not null) strict, without rowid;';

const eraTable =
  'create table if not exists dure_era (source text primary key, era text not null) strict, without rowid;';

/**
 * Opens a read model: a file for each schema, so that a new one is begun beside the old. A file that is broken is begun anew.
 * SQLITE_FILE_UNUSABLE, SQLITE_SCHEMA_INVALID.
 */
export function openReadModel(options: ReadModelOptions): ReadModelFile {
  const { folder, name, schema } = options;
  const path = join(folder, `${name}-${fingerprint(schema)}.db`);
  const writer = openFile(path, options);
  const reader = connect(path);
  reader.exec('pragma query_only = on');
  forgetOthers(path, options);
  const store = sqliteDeliveryStore(writer);
  const close = async () => {
    await store.close();
    for (const db of [reader, writer]) if (db.isOpen) db.close();
  };
  return {
    read: statements(reader),
    deliveries: store.deliveries,
    health: {
      name: 'db',
      groups: ['readiness'],
      check: () => ({ status: writer.isOpen ? 'UP' : 'DOWN', details: { database: 'SQLite', file: path } }),
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openFile(path: string, { folder, name, schema }: ReadModelOptions): DatabaseSync {
  let db: DatabaseSync;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    db = tryOpen(path) ?? connect(path);
  } catch (cause) {
    const text = `the read model of ${name} cannot be kept in ${path}: ${messageOf(cause)}`;
    throw sqliteErrors.FILE_UNUSABLE(text, { cause, details: { file: path } });
  }
  try {
    makeTables(db, schema);
  } catch (cause) {
    db.close();
    throw sqliteErrors.SCHEMA_INVALID(`the schema of ${name}: ${messageOf(cause)}`, { cause });
  }
  return db;
}

/** The file as it is; undefined, and gone, when it is broken. */
function tryOpen(path: string): DatabaseSync | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = connect(path);
    if (db.prepare('pragma quick_check(1)').get()?.quick_check === 'ok') return db;
  } catch {
    // Whatever it says, the file is only a copy of what the logs hold.
  }
  if (db?.isOpen === true) db.close();
  remove(path);
  return undefined;
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: lockTimeoutMs });
  // After a power cut the last deliveries may be missing, position and effect alike: they come again.
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;');
  return db;
}

/** Once for each file, whichever of two processes comes first. */
function makeTables(db: DatabaseSync, schema: string): void {
  db.exec('begin immediate');
  try {
    const made = db.prepare("select 1 from sqlite_schema where name = 'dure_source'").get();
    if (made === undefined) db.exec(`${ownTables}${schema}`);
    db.exec(eraTable); // Which files of earlier releases lack.
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** Removes the files of other schemas but the latest, which the process that is being replaced still reads. */
function forgetOthers(path: string, { folder, name }: ReadModelOptions): void {
  const ofName = new RegExp(`^${name}-[0-9a-f]{12}\\.db$`);
  const others = readdirSync(folder)
    .filter((file) => ofName.test(file) && join(folder, file) !== path)
    .map((file) => join(folder, file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of others.slice(1)) remove(old);
}

function remove(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

function fingerprint(schema: string): string {
  return createHash('sha256').update(schema).digest('hex').slice(0, 12);
}
