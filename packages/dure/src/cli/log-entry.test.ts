import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLogEntry, readLogEntry } from './log-entry.ts';
import type { Terminal } from './terminal.ts';

const terminal: Terminal = {
  out: () => undefined,
  err: () => undefined,
  isInteractive: false,
  hasColour: false,
  columns: 80,
};
const format = (process: string, line: string) => formatLogEntry(readLogEntry(process, line), terminal);

test('a line of ours is shown with its time, service, level, message, fields and trace', () => {
  const line =
    '{"level":50,"time":1767225600123,"service":"order","instance":"order:1","msg":"failed","code":"X_Y","err":{"message":"no luck"},"traceId":"abc","attempt":2}';
  assert.equal(format('all', line), '00:00:00.123 order      ERROR failed no luck code=X_Y attempt=2 trace=abc');
});

test('a line of PostgreSQL has its own time', () => {
  const line = '2026-01-01 00:00:00.500 UTC [42] LOG:  ready';
  assert.equal(readLogEntry('postgres', line).at, Date.UTC(2026, 0, 1, 0, 0, 0, 500));
  assert.equal(format('postgres', line), '00:00:00.500 postgres         [42] LOG:  ready');
});

test('any other line is shown as it is', () => {
  assert.equal(format('order', '    at start (file.ts:1)').trim(), 'order                at start (file.ts:1)');
  assert.equal(readLogEntry('order', '{"half":').fields, undefined);
});
