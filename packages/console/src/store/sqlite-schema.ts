import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@dure/core';
import { consoleErrors } from '../errors.ts';

/** Grows when a table changes; a store of another version is set aside, for telemetry can be done without. */
const version = 1;

const schema = `
create table spans (
  id integer primary key,
  trace_id text not null, span_id text not null, parent_id text,
  service text not null, instance text not null, operation text not null, kind text not null,
  start_us integer not null, duration_us integer not null,
  failed integer not null, code text, error text, refusal text, remote_service text,
  attributes text not null, events text not null
) strict;
create unique index spans_identity on spans (trace_id, span_id, kind, service);

create table traces (
  trace_id text primary key, start_us integer not null, end_us integer not null,
  named_at_us integer not null, rooted integer not null, service text not null, operation text not null,
  spans integer not null, errors integer not null, services text not null
) strict, without rowid;
create index traces_by_start on traces (start_us);

create table logs (
  id integer primary key autoincrement,
  time real not null, level integer not null, service text not null, instance text not null,
  message text not null, code text, trace_id text, span_id text, fields text not null
) strict;
create index logs_by_trace on logs (trace_id) where trace_id is not null;

create table names (service text not null, operation text not null, remote_service text not null,
  primary key (service, operation, remote_service)) strict, without rowid;
pragma user_version = ${version};
`;

/**
 * Opens the store's file, making it and its folder where needed, readable for its owner only. A file that is broken
 * or of another version is kept beside it as `.old` and a new one begun. CONSOLE_STORE_BROKEN when none can be made.
 */
export function openDatabase(file: string): { readonly db: DatabaseSync; readonly setAside: string | undefined } {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let setAside: string | undefined;
    if (existsSync(file)) {
      const found = tryOpen(file);
      if (typeof found !== 'string') return { db: found, setAside };
      setAside = found;
      for (const end of ['', '-wal', '-shm']) {
        if (end === '') renameSync(file, `${file}.old`);
        else rmSync(file + end, { force: true });
      }
    }
    const db = configure(file);
    db.exec(schema);
    return { db, setAside };
  } catch (cause) {
    throw consoleErrors.STORE_BROKEN(`the console cannot keep telemetry in ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** The open database, or why it cannot be used. */
function tryOpen(file: string): DatabaseSync | string {
  let db: DatabaseSync | undefined;
  try {
    db = configure(file);
    const found = db.prepare('pragma user_version').get()?.user_version;
    if (found === version) {
      db.prepare('select 1 from spans, traces, logs, names limit 1').get();
      return db;
    }
    db.close();
    return `it is of version ${String(found)}, this console needs ${version}`;
  } catch (error) {
    if (db?.isOpen === true) db.close();
    return messageOf(error);
  }
}

function configure(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 2_000 });
  db.exec('pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = normal;');
  db.exec('pragma cache_size = -4000; pragma temp_store = memory;');
  return db;
}
