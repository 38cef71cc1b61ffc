import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import type { ControlRequest } from '../supervisor/control-server.ts';
import { controlSocket, openControl } from '../supervisor/control-server.ts';
import { takeLock } from '../supervisor/lock.ts';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-config-command-'));
const asked: ControlRequest[] = [];
const answers: Record<string, unknown> = {};
let control: AsyncDisposable | undefined;

before(async () => {
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: 'test', startedAt: 1, socket: socket.path });
  control = await openControl(socket, async (request) => {
    asked.push(request);
    return request.ask === 'manage' ? answers[request.path] : null;
  });
});
after(async () => {
  await control?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function outcome(language: Language, ...argv: readonly string[]) {
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
    folder,
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: never,
    insisted: never,
  });
  return { code, ...said };
}

test('status shows which instance runs which version, and what is held', async () => {
  answers['rollout/instances'] = {
    instances: [
      { instance: 'order:1', application: 'order', version: 'abc', since: 0 },
      {
        instance: 'order:2',
        application: 'order',
        version: 'abc',
        since: 0,
        refused: 'two lines\n  lines = 0: too few',
      },
    ],
  };
  answers.rollout = {
    changes: [
      {
        state: 'held',
        targets: [{ target: 'order/dev', from: 'abc', to: 'def' }],
        canaries: ['order:1'],
        reason: 'order:1 tried it out and opened a circuit breaker',
      },
    ],
  };
  const english = await outcome('en', 'config', 'status');
  assert.equal(english.code, 0);
  assert.match(english.out, /^SERVICE +INSTANCE +VERSION +SINCE +REFUSED\norder +order:1 +abc +1970-01-01 00:00:00/);
  assert.match(english.out, /order:2 .* lines = 0: too few/);
  assert.match(english.out, /held back: order\/dev abc → def \(order:1\)\n {2}order:1 tried it out and opened/);
  const korean = await outcome('ko', 'config', 'status');
  assert.match(korean.out, /^서비스 .*거부 이유/);
  answers['rollout/instances'] = { instances: [] };
  answers.rollout = { changes: [] };
  assert.equal((await outcome('en', 'config', 'status')).out, 'no instance follows its configuration\n');
});

test('check sends the files of a folder, and says who would refuse them', async () => {
  const files = join(folder, 'candidate');
  await mkdir(join(files, 'main'), { recursive: true });
  await writeFile(join(files, 'order.yml'), 'a: 1\n');
  await writeFile(join(files, 'main', 'order.properties'), 'a=2\n');
  await writeFile(join(files, 'notes.txt'), 'not sent');
  const row = { target: 'order/dev', version: 'def', isChanged: true, judges: ['order:1'], refused: [] as string[] };
  answers['rollout/check'] = { isAccepted: true, targets: [row, { ...row, judges: [], isChanged: false }] };
  const accepted = await outcome('en', 'config', 'check', 'candidate');
  assert.deepEqual(
    [accepted.code, accepted.out],
    [0, '✓ order/dev: would change\n✓ order/dev: stays as it is (nobody answered)\nall would take it\n'],
  );
  const body = { files: { 'order.yml': 'a: 1\n', 'main/order.properties': 'a=2\n' } };
  const [question] = asked;
  assert.deepEqual(question?.ask === 'manage' ? question.body : undefined, body);
  answers['rollout/check'] = { isAccepted: false, targets: [{ ...row, refused: ['order:1: a = 1: too few'] }] };
  const refused = await outcome('en', 'config', 'check', '--label', 'v2');
  assert.equal(refused.code === 0, false);
  assert.match(refused.out, /✗ order\/dev: would change\n {2}order:1: a = 1: too few\nit would be refused everywhere/);
  assert.deepEqual(asked[0]?.ask === 'manage' ? asked[0].body : undefined, { label: 'v2' });
});

test('anything else is a mistake that says what there is', async () => {
  for (const argv of [
    ['config'],
    ['config', 'stats'],
    ['config', 'status', 'x'],
    ['config', 'check', 'a', '--label', 'b'],
  ]) {
    const { code, err } = await outcome('en', ...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(err, /dure config/);
  }
  assert.match((await outcome('en', 'config', 'check', 'nowhere')).err, /cannot be read/);
});
