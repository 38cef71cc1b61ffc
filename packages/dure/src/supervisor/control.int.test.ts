import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { askSupervisor } from './control-client.ts';
import { controlSocket, openControl } from './control-server.ts';
import { takeLock } from './lock.ts';

async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'dure-control-'));
}

test('a question is answered over a socket that only its owner can open', async () => {
  const folder = await scratch();
  const socket = await controlSocket(folder);
  await using _server = await openControl(socket, async ({ ask }) =>
    ask === 'databases' ? { order: 'postgres://…' } : undefined,
  );
  await takeLock(folder, { module: '/shop/system.ts', startedAt: 1, socket: socket.path });
  assert.equal((await stat(socket.path)).mode & 0o777, 0o600);
  assert.deepEqual(await askSupervisor(folder, { ask: 'databases' }), { order: 'postgres://…' });
  await rm(folder, { recursive: true });
});

test('a folder in which nothing runs says so', async () => {
  const folder = await scratch();
  await assert.rejects(askSupervisor(folder, { ask: 'status' }), (error) => codeOf(error) === 'DURE_NOT_RUNNING');
  await rm(folder, { recursive: true });
});

test('a supervisor that fails, hangs or is not there is reported with its process', async () => {
  const folder = await scratch();
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: '/shop/system.ts', startedAt: 1, socket: socket.path });
  const failing = (pattern: RegExp) =>
    assert.rejects(askSupervisor(folder, { ask: 'status' }, 100), (error) => {
      assert.equal(codeOf(error), 'DURE_CONTROL_FAILED');
      assert.match(String(error), pattern);
      return true;
    });
  await failing(/ENOENT/);
  const release = Promise.withResolvers<void>();
  const server = await openControl(socket, async ({ ask }) => {
    if (ask === 'stop') throw new RangeError('the disk is full');
    await release.promise;
  });
  await failing(/no answer within 100 ms/);
  await assert.rejects(askSupervisor(folder, { ask: 'stop' }, 1_000), /the disk is full/);
  release.resolve();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('nonsense is refused and does not end the server', async () => {
  const folder = await scratch();
  const socket = await controlSocket(folder);
  await using _server = await openControl(socket, async () => 'fine');
  const say = async (line: string): Promise<string> => {
    const client = connect(socket.path);
    client.end(line);
    let heard = '';
    for await (const part of client) heard += part;
    return heard;
  };
  assert.match(await say('not json\n'), /"ok":false/);
  assert.equal(await say(`${'x'.repeat(2 * 2 ** 20 + 1)}\n`), '');
  assert.match(await say('{"ask":"status"}\n'), /"value":"fine"/);
  await rm(folder, { recursive: true });
});

test('a path that is too long for a socket gets one in a private temporary folder', async () => {
  const above = await scratch();
  const folder = join(above, 'x'.repeat(100));
  await mkdir(folder);
  const socket = await controlSocket(folder);
  assert.ok(socket.path.length <= 100);
  const server = await openControl(socket, async () => undefined);
  assert.equal((await stat(join(socket.path, '..'))).mode & 0o777, 0o700);
  await server[Symbol.asyncDispose]();
  await socket[Symbol.asyncDispose]();
  await assert.rejects(stat(join(socket.path, '..')));
  await rm(above, { recursive: true });
});
