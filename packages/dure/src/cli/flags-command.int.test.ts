import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import { controlSocket, openControl } from '../supervisor/control-server.ts';
import { takeLock } from '../supervisor/lock.ts';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-flags-command-'));
const answers: Record<string, unknown> = {};
let control: AsyncDisposable | undefined;

before(async () => {
  const socket = await controlSocket(folder);
  await takeLock(folder, { module: 'test', startedAt: 1, socket: socket.path });
  control = await openControl(socket, async (request) => {
    return request.ask === 'manage-each' ? answers[request.path] : null;
  });
});
after(async () => {
  await control?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function outcome(language: Language, ...argv: readonly string[]) {
  const said = { out: '', err: '' };
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

const shown = {
  name: 'deliveryPromise',
  default: false,
  rules: [
    { value: true, roles: ['admin'] },
    { value: true, percent: 50 },
  ],
};

test('flags lists the flags of all services', async () => {
  answers.flags = [
    { service: 'order', status: 200, body: { flags: [shown, { ...shown, name: 'other', value: true, rules: [] }] } },
  ];
  const { code, out } = await outcome('en', 'flags');
  assert.equal(code, 0);
  assert.match(out, /order +deliveryPromise +false +2\norder +other +true +0\n/);
  const json = await outcome('en', 'flags', '--json');
  assert.equal(JSON.parse(json.out)[0].service, 'order');
  answers.flags = [];
  assert.match((await outcome('ko', 'flags')).out, /기능 플래그가 있는 서비스가 없습니다/);
});

test('a flag is explained for somebody: the value, the reason by its name, the rule, and where that stands', async () => {
  const decision = { value: true, variant: 'true', reason: 'SPLIT', rule: 1 };
  answers['flags/deliveryPromise?user=ada&role=admin%2Ctester&country=KR'] = [
    { service: 'order', status: 200, body: { flag: shown, decision } },
  ];
  const key = { key: 'dure.flags.deliveryPromise.rules.1.value', layer: 'server', place: 'order.yml:10:11' };
  answers.config = [{ service: 'order', status: 200, body: { keys: [key] } }];
  const who = ['--user', 'ada', '--role', 'admin,tester', '--where', 'country=KR'];
  const { out } = await outcome('en', 'flags', 'deliveryPromise', ...who);
  assert.match(out, /order +true +SPLIT +2 +server order\.yml:10:11/);
  answers['flags/deliveryPromise?'] = [
    {
      service: 'order',
      status: 200,
      body: { flag: shown, decision: { value: false, variant: 'false', reason: 'DEFAULT' } },
    },
  ];
  assert.match((await outcome('en', 'flags', 'deliveryPromise')).out, /order +false +DEFAULT +– +the code/);
});

test('a flag that nobody has, and an attribute without a value, are mistakes', async () => {
  answers['flags/nothing?'] = [];
  for (const argv of [['nothing'], ['deliveryPromise', '--where', 'country']]) {
    const { code, err } = await outcome('en', 'flags', ...argv);
    assert.equal(code, 2);
    assert.match(err, /DURE_USAGE/);
  }
});
