import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock, systemRandom, wait } from '@dure/core';
import { readControlFile } from '../supervisor/lock.ts';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

const escapeCharacter = '\u001b';
const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const scratch = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dure-command-'));
await chmod(scratch, 0o755);
after(() => rm(scratch, { recursive: true, force: true }));

function call(argv: readonly string[], { language = 'en' as Language, isInteractive = false } = {}) {
  const interrupt = new AbortController();
  const insist = new AbortController();
  const said = { out: '', err: '' };
  const exit = dureCommand(argv, {
    terminal: {
      out(text) {
        said.out += text;
      },
      err(text) {
        said.err += text;
      },
      isInteractive,
      hasColour: false,
      columns: 100,
    },
    language,
    folder: fixtures,
    host: { module: join(fixtures, 'fake-host.ts'), path: '/usr/bin:/bin' },
    clock: systemClock,
    random: systemRandom,
    interrupted: interrupt.signal,
    insisted: insist.signal,
  });
  const says = async (pattern: RegExp): Promise<void> => {
    for (let turn = 0; turn < 1_000 && !pattern.test(said.out + said.err); turn += 1) await wait(systemClock, 20);
    assert.match(said.out + said.err, pattern);
  };
  return { exit, said, says, interrupt: () => interrupt.abort(), insist: () => insist.abort() };
}

async function outcome(...argv: readonly string[]) {
  const { exit, said } = call(argv);
  return { code: await exit, ...said };
}

const state = (name: string) => ['--state', join(scratch, name)];

test('up says when it is ready and where, and ends on Ctrl-C', async () => {
  const up = call(['up', 'plain', '--port-base', '0', '--verbose', ...state('one')]);
  await up.says(/Ctrl-C stops everything/);
  assert.match(up.said.out, /^left ready \(\d/m);
  assert.match(up.said.out, /^ready in \d+\.\d\d s$/m);
  assert.match(up.said.out, /Console +http:\/\/127\.0\.0\.1:\d+\/\?token=/);
  assert.match(up.said.out, /^process gateway +\d+ +\d+$/m);

  const status = await outcome('status', 'plain', ...state('one'));
  assert.equal(status.code, 0);
  assert.match(status.out, /^plain is ready/);
  assert.match(status.out, /^left +1 +ready +\d+ +0 +\d+ +–$/m);
  const json = JSON.parse((await outcome('status', '--json', ...state('one'))).out);
  assert.deepEqual([json.ready, json.system, json.components.length], [true, 'plain', 7]);

  const again = await outcome('up', 'plain', ...state('one'));
  assert.equal(again.code, 6);
  assert.match(
    again.err,
    /^dure: a system is running already on .* \(process \d+\) \[DURE_ALREADY_RUNNING\]\n {6}Stop it with/,
  );

  const logs = await outcome('logs', 'left', '--json', ...state('one'));
  assert.equal(JSON.parse(logs.out.split('\n')[0] ?? '').msg, 'started');
  const noLog = await outcome('logs', 'lfet', ...state('one'));
  assert.equal(noLog.code, 2);
  assert.match(noLog.err, /no log of "lfet"; did you mean "left"\?/);

  up.interrupt();
  assert.equal(await up.exit, 0);
  assert.match(up.said.out, /stopped in \d+\.\d\d s\n$/);
  assert.equal(await readControlFile(join(scratch, 'one')), undefined);
});

test('canary tries out a module or the code as it is, tells the versions, and ends', async () => {
  const up = call(['up', 'plain', '--port-base', '0', ...state('canary')]);
  await up.says(/Ctrl-C stops everything/);
  const begun = await outcome('canary', 'left', 'plain/left-next.ts', '--as', '2', ...state('canary'));
  assert.match(begun.out, /^left@canary is version 2, beside version 1: /);
  await up.says(/left@canary is version 2/);
  assert.match((await outcome('status', 'plain', ...state('canary'))).out, /^left@canary +2 +ready/m);
  const ended = JSON.parse((await outcome('canary', 'left', '--end', '--json', ...state('canary'))).out);
  assert.deepEqual([ended.service, ended.stable, ended.canary], ['left', '1', undefined]);
  await up.says(/left is tried out in no version but 1/);
  for (const [argv, pattern] of [
    [[], /needs to know what: `dure canary <service> \[module\]`/],
    [['left', 'a', 'b'], /needs to know what/],
    [['left', 'nothing.ts'], /there is no module "nothing\.ts"; name a file/],
    [['left', 'plain'], /there is no module "plain"/],
    [['left', 'plain/left-next.ts', '--end'], /takes neither a module nor `--as`/],
  ] as const) {
    const { code, err } = await outcome('canary', ...argv, ...state('canary'));
    assert.equal(code, 2);
    assert.match(err, pattern);
  }
  up.interrupt();
  assert.equal(await up.exit, 0);
});

test('down stops what runs; up --json tells it as events', async () => {
  const up = call(['up', 'plain', '--port-base', '0', '--json', ...state('two')]);
  await up.says(/"event":"ready"/);
  const down = await outcome('down', 'plain', '--json', ...state('two'));
  assert.equal(down.code, 0);
  assert.equal(JSON.parse(down.out).stopped, true);
  assert.equal(await up.exit, 0);
  const events = up.said.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(events.every(({ event, at }) => typeof event === 'string' && !Number.isNaN(Date.parse(at))));
  assert.deepEqual(
    [...new Set(events.map(({ event }) => event))],
    ['phase', 'component', 'ready', 'stopping', 'stopped'],
  );
  const { urls, tookMs } = events.find(({ event }) => event === 'ready');
  assert.ok(tookMs > 0);
  assert.match(urls.console, /\?token=/);
  for (const argv of [
    ['down', 'plain'],
    ['status', 'plain'],
    ['verify', 'plain'],
    ['restart', 'left'],
    ['scale', 'left=2'],
    ['canary', 'left'],
    ['explain', 'some-request'],
  ]) {
    const { code, err } = await outcome(...argv, ...state('two'));
    assert.equal(code, 7);
    assert.match(err, /no system is running on .*\[DURE_NOT_RUNNING\]\n {6}Start it with `dure up`/);
  }
});

test('scale and restart change what runs, say what they did, and refuse what cannot be', async () => {
  const up = call(['up', 'plain', '--port-base', '0', '--scale', 'left=2', ...state('steered')]);
  await up.says(/Ctrl-C/);
  const more = await outcome('scale', 'left=3', 'right=1', ...state('steered'));
  assert.deepEqual([more.code, more.out], [0, 'left has 3 processes now (2 before)\nright has 1 process already\n']);
  const restarted = await outcome('restart', 'right', ...state('steered'));
  assert.equal(restarted.code, 0);
  assert.match(
    restarted.out,
    /^right: process \d+ took over from \d+ in \d\.\d\d s\nright was restarted without a break: 1 process, \d\.\d\d s\n$/,
  );
  const fewer = JSON.parse((await outcome('scale', 'left=1', '--json', ...state('steered'))).out);
  assert.deepEqual(fewer.services, [{ service: 'left', from: 3, to: 1, started: [], stopped: ['left-2', 'left-3'] }]);
  assert.ok(fewer.tookMs > 0);
  assert.match(up.said.out, /^left has 3 processes now \(2 before\)$/m);
  assert.match(up.said.out, /^right was restarted without a break/m);

  const logs = await outcome('logs', 'left', '--json', ...state('steered'));
  const speakers = new Set(
    logs.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).service),
  );
  assert.deepEqual([...speakers].sort(), ['left', 'left-2', 'left-3']);
  const one = await outcome('logs', 'left-2', '--json', ...state('steered'));
  assert.deepEqual(
    new Set(
      one.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).service),
    ),
    new Set(['left-2']),
  );

  for (const [argv, code, pattern] of [
    [
      ['scale', 'console=2'],
      2,
      /"console" has one process at any time: .*\[DURE_SINGLE_PROCESS\]\n {6}Name the gateway or one of/,
    ],
    [['restart', 'registry'], 2, /"registry" has one process at any time/],
    [['restart', 'lfet'], 2, /no service "lfet"; it has left, right \[DURE_SERVICE_UNKNOWN\]/],
    [['scale', 'left=99'], 2, /1 to 16 processes, not 99 \[DURE_USAGE\]/],
    [['scale'], 2, /needs to know what: `dure scale <service>=<n>`/],
    [['explain'], 2, /needs to know which request: `dure explain <request-id>`/],
    [['restart'], 2, /needs to know what: `dure restart <service>`/],
    [['scale', 'left'], 2, /"left" does not say how many/],
  ] as const) {
    const refused = await outcome(...argv, ...state('steered'));
    assert.equal(refused.code, code, refused.err);
    assert.match(refused.err, pattern);
  }
  const korean = call(['restart', 'lfet', ...state('steered')], { language: 'ko' });
  assert.equal(await korean.exit, 2);
  assert.match(korean.said.err, /"lfet" 서비스가 없습니다\. 있는 서비스: left, right/);
  up.interrupt();
  assert.equal(await up.exit, 0);
});

test('a second Ctrl-C kills at once', async () => {
  const up = call(['up', 'plain', '--port-base', '0', ...state('three')]);
  await up.says(/Ctrl-C/);
  up.interrupt();
  up.insist();
  assert.equal(await up.exit, 130);
});

test('Ctrl-C during the start leaves nothing and is no failure', async () => {
  const up = call(['up', 'plain', '--port-base', '0', ...state('four')]);
  await up.says(/starting/);
  up.interrupt();
  assert.equal(await up.exit, 0);
  assert.doesNotMatch(up.said.err, /dure:/);
});

test('a terminal shows one line per component, painted over', async () => {
  const { exit, said, says, interrupt } = call(['up', 'plain', '--port-base', '0', ...state('five')], {
    isInteractive: true,
  });
  await says(/ready in/);
  interrupt();
  await exit;
  const frames = said.out.split(`${escapeCharacter}[7A`);
  assert.ok(frames.length > 1);
  const last =
    (frames.at(-1) ?? '')
      .split('ready in')[0]
      ?.split('\n')
      .filter((line) => line.includes(`${escapeCharacter}[2K`)) ?? [];
  assert.equal(last.length, 7);
  assert.ok(last.every((line) => /✓ \w+ +ready +\d/.test(line)));
});

test('it speaks Korean', async () => {
  const up = call(['up', 'nowhere'], { language: 'ko' });
  assert.equal(await up.exit, 3);
  assert.match(up.said.err, /시스템\(system\.ts\)을 찾을 수 없습니다.*\n {6}system\.ts가 있는 폴더를 지정하십시오/);
  const help = call(['--help'], { language: 'ko' });
  assert.equal(await help.exit, 0);
  assert.match(help.said.out, /시스템 시작/);
});

const failures: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ['an unknown command', ['strat'], 2, /no command "strat"/],
  ['an unknown option', ['up', '--prot-base', '1'], 2, /did you mean `--port-base`\?/],
  ['a port that is none', ['up', 'plain', '--port-base', '70000'], 2, /is a port from 1 to 65530, or 0/],
  ['an unknown placement', ['up', 'plain', '--placement', 'many'], 2, /is "each" or "one", not "many"/],
  [
    'a number of lines that is none',
    ['logs', '--lines', 'x', '--state', join(scratch, 'one')],
    2,
    /whole number from 0/,
  ],
  ['a folder without a system', ['up', 'broken'], 3, /no system\.ts in broken/],
  [
    'a system that does not load',
    ['up', 'broken/throws', '--port-base', '0', ...state('six')],
    3,
    /throws\/system\.ts does not load: TypeError/,
  ],
  [
    'a system that contradicts itself',
    ['up', 'broken/misnamed', '--port-base', '0', ...state('seven')],
    3,
    /whose contract is named "orders"/,
  ],
  ['logs where there are none', ['logs', ...state('nowhere')], 7, /there are no logs in/],
];

for (const [what, argv, code, pattern] of failures) {
  test(`refused with status ${code} and without a stack: ${what}`, async () => {
    const result = await outcome(...argv);
    assert.equal(result.code, code);
    assert.match(result.err, pattern);
    assert.doesNotMatch(result.err, /\n {4}at /);
  });
}

test('a busy port is refused with who holds it; as JSON too; with a stack when asked', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const argv = ['up', 'plain', '--port-base', String(port), ...state('eight')];
  const plain = await outcome(...argv);
  assert.equal(plain.code, 5);
  assert.match(
    plain.err,
    new RegExp(
      `^dure: port ${port} of the gateway is in use by process ${process.pid} \\(node.*\\[DURE_PORT_BUSY\\]\\n`,
    ),
  );
  const json = JSON.parse((await outcome(...argv, '--json')).out.trim().split('\n').at(-1) ?? '');
  assert.deepEqual([json.event, json.code, json.details.port], ['failed', 'DURE_PORT_BUSY', port]);
  assert.match((await outcome(...argv, '--verbose')).err, /\n {4}at /);
  server.close();
});

test('a failing migration is named with file, line and cause', async () => {
  const { code, err } = await outcome('up', 'failing', '--port-base', '0', ...state('nine'));
  assert.equal(code, 8);
  assert.match(
    err,
    /^dure: .*books\/migrations\/0001-create-accounts\.sql, line 3, column \d+ .*\[POSTGRES_MIGRATION_FAILED\]\n {6}\S/,
  );
  assert.doesNotMatch(err, /\n {4}at /);
});

test('help tells of every command, its options and the exit statuses', async () => {
  const general = await outcome('--help');
  for (const command of ['up', 'down', 'status', 'logs', 'verify'])
    assert.match(general.out, new RegExp(`^ {2}${command}`, 'm'));
  assert.match(general.out, /^ {2}5 +a port is in use/m);
  const { out, code } = await outcome('up', '--help');
  assert.equal(code, 0);
  for (const option of [
    '--placement <each|one>',
    '--port-base <port>',
    '--fresh',
    '--json',
    '--verbose',
    '--state <folder>',
  ]) {
    assert.ok(out.includes(option), option);
  }
  assert.equal((await outcome()).code, 2);
});
