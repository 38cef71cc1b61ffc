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

const folder = await mkdtemp(join(tmpdir(), 'dure-replay-'));
const asked: ControlRequest[] = [];
const replay = {
  id: 'r1',
  reaction: 'sum',
  state: 'running',
  position: 3,
  upTo: 9,
  applied: 2,
  held: 1,
  actions: [{ what: 'begin', by: 'kim', why: 'ticket 7', at: 1 }],
};
let next: object = { ...replay, state: 'done', applied: 7 };
let none = false;
let control: AsyncDisposable | undefined;

before(async () => {
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: 'test', startedAt: 1, socket: socket.path });
  control = await openControl(socket, async (request) => {
    asked.push(request);
    if (request.ask !== 'manage') return null;
    const { method, path, body } = request;
    if (none) return { reactions: [], others: ['order.placed'], replays: [] };
    if (method === 'GET' && path === 'replays')
      return { reactions: [{ name: 'sum', event: 'order.placed', source: 'order' }], others: [], replays: [replay] };
    if (method === 'GET') return next;
    return (body as { dryRun?: boolean }).dryRun === true
      ? { reaction: 'sum', messages: 4, keys: 2, after: 0, upTo: 9, complete: false }
      : replay;
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

test('replay tells what may be replayed and how far replays are', async () => {
  const { out } = await outcome('en', 'replay', 'stock');
  assert.match(out, /^sum may be replayed \(order\.placed of order\)$/m);
  assert.match(out, /^r1 +sum +running +3\/9 +2 +1 +kim: ticket 7 *$/m);
  assert.match((await outcome('ko', 'replay', 'stock')).out, /sum: 재전달 가능\(order의 order\.placed\)/);
});

test('replay says where nothing may be replayed', async () => {
  none = true;
  const { out } = await outcome('en', 'replay', 'stock');
  none = false;
  assert.match(out, /^no reaction of stock may be replayed; one that may says so: .*replayable: true/);
});

test('replay begins one, shows how far it is, and ends with it', async () => {
  const { code, out, err, first } = await outcome(
    'en',
    ...[
      'replay',
      'stock',
      '--reaction',
      'sum',
      '--from-time',
      '2026-11-28T09:00Z',
      '--key',
      'k',
      '--by',
      'kim',
      '--why',
      'ticket 7',
    ],
  );
  assert.deepEqual([code, out, err], [0, 'sum: 7 delivered once more\n', 'sum: 3 of 9, 2 delivered, 1 held back\n']);
  const body = { reaction: 'sum', key: 'k', fromTime: Date.parse('2026-11-28T09:00Z'), by: 'kim', why: 'ticket 7' };
  assert.deepEqual(first, { ask: 'manage', service: 'stock', method: 'POST', path: 'replays', body });
  next = { ...replay, state: 'stopped', error: { id: 'm7', message: 'no such sku' } };
  const stopped = await outcome('en', 'replay', 'stock', '--from-position', '5', '--why', 'ticket 7');
  assert.equal(stopped.code, 13);
  assert.match(stopped.out, /^sum has stopped at the message m7: no such sku\n.*resume r1/);
});

test('replay foresees, and steers what is under way', async () => {
  const dry = await outcome('en', 'replay', 'stock', '--key', 'k', '--dry-run');
  assert.equal(dry.out, 'sum would get at least 4 messages of 2 keys once more\n');
  const { out, first } = await outcome('en', 'replay', 'stock', 'cancel', 'r1', '--by', 'kim', '--why', 'enough');
  assert.equal(out, 'done\n');
  assert.deepEqual((first as { body: unknown }).body, { do: 'cancel', by: 'kim', why: 'enough' });
});

test('replay says what it needs to know', async () => {
  for (const words of [
    [],
    ['stock', '--key', 'k'],
    ['stock', 'burn', 'r1', '--why', 'x'],
    ['stock', 'pause', '--why', 'x'],
    ['stock', '--from-time', 'soon', '--why', 'x'],
    ['stock', '--from-position', 'many', '--why', 'x'],
  ])
    assert.equal((await outcome('en', 'replay', ...words)).code, 2, words.join(' '));
});
