import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { maxDataLength, messageBuffer } from './message-buffer.ts';
import { foreignMessage } from './testing/database-contract.ts';
import { noted } from './testing/sample-contracts.ts';

const buffer = () =>
  messageBuffer({ service: 'test', cause: { correlation: 'c' }, clock: fakeClock(), ids: testIds() });

test('a message is what it was when it was sent, whatever happens to its data later', () => {
  const data = { key: 'k', count: 1 };
  const messages = buffer();
  messages.emit(noted, data);
  data.count = 2;
  assert.equal(messages.messages[0]?.json, '{"key":"k","count":1}');
});

test('a message that is too large is refused where it is sent', () => {
  const messages = buffer();
  assert.throws(
    () => messages.emit(noted, { key: 'k'.repeat(maxDataLength), count: 1 }),
    (error) => codeOf(error) === 'MESSAGING_DATA_TOO_LARGE',
  );
  assert.deepEqual(messages.messages, []);
});

test('data of nothing is null', () => {
  const messages = buffer();
  messages.reply(foreignMessage({ kind: 'command', destination: 'test' }), { ok: true, value: undefined });
  messages.put({ kind: 'event', type: 'x', version: 1, key: '', data: undefined });
  assert.deepEqual(
    messages.messages.map(({ json }) => json),
    ['{"ok":true}', 'null'],
  );
});
