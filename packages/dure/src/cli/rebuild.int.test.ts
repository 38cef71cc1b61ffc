import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import type { ControlRequest } from '../supervisor/control-server.ts';
import { controlSocket, openControl } from '../supervisor/control-server.ts';
import { takeLock } from '../supervisor/lock.ts';
import { dureCommand } from './dure-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-rebuild-'));
const asked: ControlRequest[] = [];
const building = { name: 'board', version: 1, run: 2, mode: 'async', state: 'building', position: 4, changedAt: 0 };
const active = { ...building, run: 1, state: 'active', position: 9 };
const view = { name: 'board', active, building, tables: [active, building], end: 10 };
let next: object = { ...view, building: undefined, active: { ...active, run: 2 } };
let control: AsyncDisposable | undefined;

before(async () => {
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: 'test', startedAt: 1, socket: socket.path });
  control = await openControl(socket, async (request) => {
    asked.push(request);
    return request.ask === 'manage' && request.method === 'GET' ? next : view;
  });
});
after(async () => {
  await control?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function outcome(language: 'en' | 'ko', ...argv: readonly string[]) {
  const said = { out: '', err: '' };
  asked.length = 0;
  const never = new AbortController().signal;
  const code = await dureCommand([...argv, '--state', folder], {
    terminal: {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      isInteractive: false,
      hasColour: false,
      columns: 200,
    },
    language,
    folder: join(import.meta.dirname, '..', '..', 'fixtures'),
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: never,
    insisted: never,
  });
  return { code, ...said, first: asked[0] };
}

test('rebuild begins, shows how far it is, and ends when the table is shown', async () => {
  const { code, out, err, first } = await outcome(
    'en',
    'rebuild',
    'books',
    'board',
    '--by',
    'kim',
    '--why',
    'ticket 7',
  );
  assert.deepEqual([code, out, err], [0, 'board shows version 1, run 2\n', 'board, run 2: 4 of 10\n']);
  const body = { do: 'rebuild', by: 'kim', why: 'ticket 7' };
  assert.deepEqual(first, { ask: 'manage', service: 'books', method: 'POST', path: 'projections/board', body });
  next = { ...view, building: { ...building, paused: { by: 'lee', why: 'noon', at: 1 } } };
  const paused = await outcome('ko', 'rebuild', 'books', 'board', '--why', 'ticket 7');
  assert.equal(paused.out, 'board: 4/10에서 일시 정지됨\n');
});

test('rebuild pauses, and says what it needs to know', async () => {
  const { out, first } = await outcome('en', 'rebuild', 'books', 'board', 'pause', '--by', 'kim', '--why', 'noon');
  assert.equal(out, 'board is paused at 4 of 10\n');
  assert.deepEqual((first as { body: unknown }).body, { do: 'pause', by: 'kim', why: 'noon' });
  for (const words of [[], ['books', 'board', 'burn', '--why', 'x'], ['books', 'board']])
    assert.equal((await outcome('en', 'rebuild', ...words)).code, 2);
});

test('rebuild without a projection shows what there is', async () => {
  const table = { name: 'board', mode: 'inline', version: 1, run: 2, state: 'active', position: 0, changedAt: 0 };
  next = { projections: [table, { ...table, mode: 'async', state: 'retired', run: 1, position: 7 }] };
  const { out, first } = await outcome('en', 'rebuild', 'books');
  assert.match(out, /^board +inline +1 +2 +active +– +1970-01-01 00:00:00 *$/m);
  assert.match(out, /^board +async +1 +1 +retired +7 /m);
  assert.equal((first as { path: string }).path, 'projections');
});
