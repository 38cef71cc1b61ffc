import type { DatabaseSync, StatementSync } from 'node:sqlite';

const logConditions = `
  (:service is null or service = :service) and (:instance is null or instance = :instance)
  and level >= :level and time >= :since and time <= :until
  and (:text is null or instr(lower(message || ' ' || coalesce(code, '') || ' ' || fields), :text) > 0)`;

const texts = {
  addSpan: `insert or ignore into spans (trace_id, span_id, parent_id, service, instance, operation, kind, start_us,
    duration_us, failed, code, error, refusal, remote_service, attributes, events)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  putTrace: 'insert or replace into traces values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  addLog: `insert into logs (time, level, service, instance, message, code, trace_id, span_id, fields)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  addName: 'insert or ignore into names values (?, ?, ?)',
  names: 'select * from names',
  traceState: 'select * from traces where trace_id = :traceId',
  trace: 'select * from spans where trace_id = :traceId order by start_us, id',
  tracesBefore: `select * from traces where start_us >= :sinceUs
    and (start_us < :untilUs or (start_us = :untilUs and trace_id < :beforeId))
    order by start_us desc, trace_id desc limit :count`,
  hasOperation: `select 1 from spans where trace_id = :traceId and operation = :operation
    and (:service is null or service = :service) limit 1`,
  hasText: `select 1 from spans where trace_id = :traceId
    and (instr(lower(operation), :text) > 0 or instr(lower(attributes), :text) > 0) limit 1`,
  spansBefore: 'select * from spans where id < :before order by id desc limit :count',
  logsBetween: `select * from logs where id < :before and id >= :from and ${logConditions}
    order by id desc limit :count`,
  logsOfTrace: `select * from logs where trace_id = :traceId and id < :before and ${logConditions}
    order by id desc limit :count`,
  firstLog: 'select min(id) as id from logs',
  lastLog: 'select max(id) as id from logs',
  countSpans: 'select count(*) as count from spans',
  countLogs: 'select count(*) as count from logs',
  oldestTraces: 'select trace_id, end_us from traces order by start_us limit :count',
  oldestTrace: 'select min(start_us) / 1000.0 as at from traces',
  oldestLog: 'select time as at from logs order by id limit 1',
  removeSpans: 'delete from spans where trace_id = :traceId',
  removeTrace: 'delete from traces where trace_id = :traceId',
  removeLogs: `delete from logs where id in (
    select id from (select id, time, row_number() over (order by id) as place from logs order by id limit :count)
    where place <= :excess or time < :oldest)`,
  bytes: `select (page_count - freelist_count) * page_size as bytes
    from pragma_page_count, pragma_freelist_count, pragma_page_size`,
} as const;

/** Every statement of the store, prepared. */
export type Statements = Readonly<Record<keyof typeof texts, StatementSync>>;

/** Prepares them all: a mistake in one shows at once. */
export function statements(db: DatabaseSync): Statements {
  const prepared = Object.entries(texts).map(([name, text]) => [name, db.prepare(text)] as const);
  return Object.fromEntries(prepared) as Statements;
}
