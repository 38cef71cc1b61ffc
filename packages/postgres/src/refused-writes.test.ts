import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { Answer } from './connection.ts';
import { RefusedWrites, refusedWrite } from './refused-writes.ts';

/** As PostgreSQL says it, inside an error of ours or not. */
function said(code: string, message: string): Error {
  return new TypeError('it failed', { cause: Object.assign(new TypeError(message), { severity: 'ERROR', code }) });
}

const full = said('53100', 'could not extend file "base/1/2": No space left on device');
const answered = (read_only: boolean, standby = false): Answer => ({
  command: 'SELECT',
  rowCount: 1,
  rows: [{ standby, read_only }],
});

function watched() {
  const clock = fakeClock();
  const told: string[] = [];
  const refused = new RefusedWrites(clock, { error: (message) => void told.push(message) });
  const reason = (isReadOnly = false) => refused.judge(answered(isReadOnly))?.details?.reason;
  return { clock, told, refused, reason };
}

test('a full disk is told until nothing has been refused for ten seconds, and is logged once', async () => {
  const { clock, told, refused, reason } = watched();
  assert.equal(reason(), undefined);
  refused.note(said('23505', 'a key stands there twice'));
  assert.equal(reason(), undefined);
  refused.note(full);
  assert.match(String(refused.judge(answered(false))?.details?.error), /No space left on device/);
  await clock.advance(9_000);
  refused.note(full);
  await clock.advance(9_999);
  assert.equal(reason(), 'disk-full');
  await clock.advance(1);
  assert.equal(reason(), undefined);
  assert.deepEqual(told, ['the database refuses writes']);
});

test('a server that has fallen silent behind a full disk is remembered for that, until it answers again', async () => {
  const { clock, refused, reason } = watched();
  refused.note(full);
  await clock.advance(60_000);
  assert.equal(refused.memory?.details?.reason, 'disk-full');
  assert.equal(reason(), undefined);
  assert.equal(refused.memory, undefined);
});

test('a database that is read-only says so by itself, and is well again as soon as it is not', () => {
  const { refused, reason } = watched();
  assert.equal(reason(true), 'read-only');
  refused.note(said('25006', 'cannot execute INSERT in a read-only transaction'));
  assert.equal(reason(false), undefined);
  assert.match(String(refused.judge(answered(true, true))?.details?.error), /standby/);
});

test('whoever wanted to write is told why not, and anything else is no refusal of writes', () => {
  const error = refusedWrite(full, 'order');
  assert.match(error?.message ?? '', /database of order takes no writes \(disk-full\): could not extend file/);
  assert.equal(refusedWrite(said('23505', 'twice'), 'order'), undefined);
});
