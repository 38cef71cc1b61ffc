import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { BufferedMessage } from '@dure/messaging';
import type { Answer } from './connection.ts';
import type { CommitConnection } from './group-commit.ts';
import { GroupCommit } from './group-commit.ts';

/** A server that answers when it is told to. */
function heldServer() {
  const held: { readonly what: string; answer(): void }[] = [];
  const connection: CommitConnection = {
    broken: false,
    abandon: () => undefined,
    query: (_text, values = [], name = '') =>
      new Promise<Answer>((resolve) => {
        const length = name === 'dure.flush' ? JSON.parse(String(values[0])).length : lengthOfArray(values.at(-1));
        const answer = () =>
          resolve({ command: 'SELECT', rowCount: 1, rows: [{ flush: 1, at: 1, missed: null, busy: null }] });
        held.push({ what: `${name} ${length}`, answer });
      }),
  };
  return {
    connection,
    get asked() {
      return held.map(({ what }) => what);
    },
    async answerFirst() {
      held.shift()?.answer();
      await turns();
    },
  };
}

/** Of an array in binary format. */
function lengthOfArray(value: unknown): number {
  assert.ok(Buffer.isBuffer(value));
  return value.readInt32BE(12);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

function messages(count: number, stream?: string): readonly BufferedMessage[] {
  const mark = stream === undefined ? {} : { stream: { name: stream, expected: 'any' as const, mayRepeat: false } };
  const one = { id: '', at: 0, kind: 'event', type: 'noted', version: 1, key: 'k', destination: undefined, meta: {} };
  return Array.from({ length: count }, () => ({ ...one, ...mark, json: '{}' }) as BufferedMessage);
}

function scene() {
  const server = heldServer();
  const group = new GroupCommit(fakeClock());
  const append = (count: number, stream?: string) => void group.append(server.connection, messages(count, stream));
  return { server, append };
}

describe('units of work that are committed together', () => {
  test('wait for the commit under way while they are few', async () => {
    const { server, append } = scene();
    append(1);
    await turns();
    for (let count = 0; count < 49; count += 1) append(1);
    await turns();
    assert.deepEqual(server.asked, ['dure.flush 1']);
    await server.answerFirst();
    assert.deepEqual(server.asked, ['dure.flush_together 49']);
  });

  test('go beside it, on another connection, once they are worth it; a third commit waits', async () => {
    const { server, append } = scene();
    append(1);
    await turns();
    for (let count = 0; count < 5; count += 1) append(10);
    await turns();
    assert.deepEqual(server.asked, ['dure.flush 1', 'dure.flush_together 50']);
    for (let count = 0; count < 8; count += 1) append(10);
    await turns();
    assert.equal(server.asked.length, 2);
    await server.answerFirst();
    assert.deepEqual(server.asked, ['dure.flush_together 50', 'dure.flush_together 80']);
  });

  test('are cut in two halves when many come at once', async () => {
    const { server, append } = scene();
    for (let count = 0; count < 20; count += 1) append(10);
    await turns();
    assert.deepEqual(server.asked, ['dure.flush_together 100', 'dure.flush_together 100']);
  });

  test('are never two of one stream at a time, and one that is larger than its share goes all the same', async () => {
    const { server, append } = scene();
    append(90, 'x');
    append(60, 'x');
    append(20, 'y');
    await turns();
    assert.deepEqual(server.asked, ['dure.flush 90', 'dure.flush 20']);
    await server.answerFirst();
    assert.deepEqual(server.asked, ['dure.flush 20', 'dure.flush 60']);
  });
});
