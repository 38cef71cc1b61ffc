import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import type { ControlRequest } from '../supervisor/control-server.ts';
import { controlSocket, openControl } from '../supervisor/control-server.ts';
import { takeLock } from '../supervisor/lock.ts';
import { dureCommand } from './dure-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-parked-'));
const asked: ControlRequest[] = [];
const key = {
  source: 'order',
  key: 'o1',
  state: 'stopped',
  attempts: 12,
  error: { message: 'no such sku' },
  messages: 2,
  first: { id: 'm1', type: 'order.placed' },
};
const goesOn = {
  setBack: [{ stream: 'order', position: 9, era: 'e1', common: 4 }],
  left: [{ stream: 'order/events/7', position: 8, era: 'e2', common: 6 }],
};
let control: AsyncDisposable | undefined;

before(async () => {
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: 'test', startedAt: 1, socket: socket.path });
  control = await openControl(socket, async (request) => {
    asked.push(request);
    if (request.ask === 'manage-each') return [{ service: 'stock', status: 200, body: { parked: [key] } }];
    return 'body' in request && 'after' in (request.body as object) ? goesOn : null;
  });
});
after(async () => {
  await control?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function outcome(...argv: readonly string[]) {
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
    language: 'en',
    folder: join(import.meta.dirname, '..', '..', 'fixtures'),
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: never,
    insisted: never,
  });
  return { code, ...said, last: asked.at(-1) };
}

test('parked lists the keys of all services, or of one, as a table and as JSON', async () => {
  const all = await outcome('parked');
  assert.match(all.out, /^stock +order +o1 +stopped +2 +12 +order\.placed m1 +no such sku$/m);
  const one = await outcome('parked', 'stock', 'order', '--key', 'o1', '--json');
  assert.deepEqual(JSON.parse(one.out), [{ service: 'stock', parked: [key] }]);
  const path = 'deliveries/parked?source=order&key=o1';
  assert.deepEqual(one.last, { ask: 'manage-each', method: 'GET', path });
  assert.equal((await outcome('parked', 'order')).code, 2);
});

test('a parked key is retried, a message corrected or skipped, a source paused and resumed, by somebody and for a reason', async () => {
  const file = join(folder, 'data.json');
  await writeFile(file, '{"sku":"a"}');
  const who = ['--by', 'kim', '--why', 'ticket 7'];
  const said = { by: 'kim', why: 'ticket 7' };
  const done: readonly (readonly [readonly string[], string, object])[] = [
    [['parked', 'retry', 'stock', 'order', '--key', 'o1'], 'parked', { do: 'retry', source: 'order', key: 'o1' }],
    [
      ['parked', 'edit', 'stock', 'order', '--id', 'm1', '--data', file],
      'parked',
      { do: 'edit', source: 'order', id: 'm1', data: { sku: 'a' } },
    ],
    [['parked', 'skip', 'stock', 'order', '--id', 'm1'], 'parked', { do: 'skip', source: 'order', id: 'm1' }],
    [['pause', 'stock', 'order'], 'sources', { do: 'pause', source: 'order' }],
    [['resume', 'stock', 'order'], 'sources', { do: 'resume', source: 'order' }],
  ];
  for (const [argv, path, body] of done) {
    const { code, last } = await outcome(...argv, ...who);
    assert.equal(code, 0);
    const request = { ask: 'manage', service: 'stock', method: 'POST', path: `deliveries/${path}` };
    assert.deepEqual(last, { ...request, body: { ...body, ...said } });
  }
});

test('a source that was restored is resumed after a position, and what was set back is shown', async () => {
  const argv = ['resume', 'stock', 'order', '--after', '4', '--by', 'kim', '--why', 'restored'];
  const { code, out, last } = await outcome(...argv);
  assert.deepEqual(
    [code, out],
    [0, 'order: goes on after 4, was at 9\norder/events/7: still at 8; run this again with --after 6\n'],
  );
  const body = { do: 'resume', source: 'order', after: 4, by: 'kim', why: 'restored' };
  assert.deepEqual(last, { ask: 'manage', service: 'stock', method: 'POST', path: 'deliveries/sources', body });
  assert.deepEqual(JSON.parse((await outcome(...argv, '--json')).out), goesOn);
});

test('what is missing is said, and nothing is done', async () => {
  for (const argv of [
    ['parked', 'skip', 'stock', 'order', '--why', 'x'],
    ['parked', 'edit', 'stock', 'order', '--id', 'm1', '--why', 'x'],
    ['parked', 'edit', 'stock', 'order', '--id', 'm1', '--data', join(folder, 'nothing'), '--why', 'x'],
    ['parked', 'retry', 'stock', 'order'],
    ['pause', 'stock'],
    ['resume', 'stock', 'order', '--after', '-4', '--why', 'x'],
    ['resume', 'stock', 'order', '--after', '4.5', '--why', 'x'],
    ['resume', 'stock', 'order', '--after', '4'],
    ['pause', 'stock', 'order', '--after', '4', '--why', 'x'],
  ]) {
    const { code, err, last } = await outcome(...argv);
    assert.deepEqual([code, last], [2, undefined], argv.join(' '));
    assert.match(err, /DURE_USAGE/);
  }
});
