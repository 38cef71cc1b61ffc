import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, isDureError, messageOf, systemClock, systemRandom, wait } from '@dure/core';
import type { StartSystemOptions } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import { askSupervisor } from './control-client.ts';
import { readControlFile } from './lock.ts';
import { identify, isAlive } from './process-identity.ts';
import { startSupervisor } from './supervisor.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const plain = join(fixtures, 'plain', 'system.ts');
const fakeHost = join(fixtures, 'fake-host.ts');

const start = (options: StartSystemOptions = {}) =>
  startSystem(plain, { hostModule: fakeHost, placement: 'each', ...options });

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dure-supervisor-'));
  await chmod(folder, 0o755);
  return folder;
}

async function gone(pids: readonly number[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = [];
    for (const pid of pids) if (await isAlive(await identify(pid))) left.push(pid);
    if (left.length === 0) return;
    if (performance.now() > deadline) assert.fail(`after ${withinMs} ms these processes are left: ${left.join(', ')}`);
    await wait(systemClock, 20);
  }
}

function listens(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(true));
    server.listen({ port: Number(port), host: hostname }, () => server.close(() => resolve(false)));
  });
}

/** What is in the environment of every process. */
const everyVariable = [
  'DURE_RUN_FILE',
  'MALLOC_ARENA_MAX',
  'MALLOC_MMAP_THRESHOLD_',
  'MALLOC_TRIM_THRESHOLD_',
  'NODE_COMPILE_CACHE',
  'PATH',
];

async function variablesOf(pid: number): Promise<readonly string[]> {
  const lines = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const names = lines.map((line) => line.split('=')[0] ?? '');
  return names.filter((name) => name !== '' && !name.startsWith('NODE_CHANNEL')).sort();
}

async function filesIn(root: string, ...folders: readonly string[]): Promise<readonly string[]> {
  const lists = folders.map(async (folder) => (await readdir(join(root, folder))).map((name) => `${folder}/${name}`));
  return (await Promise.all(lists)).flat();
}

for (const placement of ['each', 'one'] as const) {
  test(`a system starts, tells what runs, and stops without a trace (placement ${placement})`, async () => {
    const stateFolder = await scratch();
    const system = await start({ placement, stateFolder });
    const status = await system.status();
    assert.equal(status.ready, true);
    assert.deepEqual(status.waitingFor, []);
    const names = placement === 'each' ? ['registry', 'config', 'console', 'left', 'right', 'gateway'] : ['all'];
    assert.deepEqual(new Set(status.components.map(({ name }) => name)), new Set(['postgres', ...names]));
    assert.ok(await listens(system.edge));
    assert.match(system.consoleUrl, /\/\?token=[\w-]{32}$/);
    const pids = Object.values(system.pids);
    const from = performance.now();
    await system.stop();
    assert.ok(performance.now() - from < 2_000);
    await gone(pids, 0);
    for (const url of Object.values(system.urls)) assert.equal(await listens(url), false);
    assert.deepEqual(await readdir(join(stateFolder, 'run')), []);
    assert.equal(await readControlFile(stateFolder), undefined);
    await rm(stateFolder, { recursive: true });
  });
}

test('a process has no way in by prototypes, and none to its inspector by a signal', async () => {
  await using system = await start();
  const pid = system.pids.left ?? 0;
  const flags = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  for (const flag of ['--disable-proto=throw', '--disable-sigusr1']) assert.ok(flags.includes(flag), flag);
});

test('nothing secret is in the environment or the arguments of a process', async () => {
  await using system = await start();
  const pid = system.pids.left ?? 0;
  assert.deepEqual(await variablesOf(pid), everyVariable);
  const run = await readFile(join(system.stateFolder, 'run', 'left.json'), 'utf8');
  const { services } = JSON.parse(run) as { services: { left: { key: { d: string } } } };
  const shown = (await readFile(`/proc/${pid}/cmdline`, 'utf8')) + (await system.output('left'));
  assert.ok(!shown.includes(services.left.key.d));
});

test('run files, keys and passwords can be read by their owner only', async () => {
  const module = join(fixtures, 'ledger', 'system.ts');
  await using system = await startSystem(module, { hostModule: fakeHost, placement: 'each' });
  const secrets = await filesIn(system.stateFolder, 'run', 'keys');
  for (const name of ['run/books.json', 'run/gateway.json', 'keys/books.json', 'keys/databases.json'])
    assert.ok(secrets.includes(name), `${name} is among ${secrets.join(', ')}`);
  for (const name of secrets) assert.equal((await stat(join(system.stateFolder, name))).mode & 0o777, 0o600, name);
});

test('a process gets the configuration variables of the services it runs, and no other’s', async () => {
  const stateFolder = await scratch();
  const configuration = { DURE_LEFT__MAX_LINES: '1', DURE_RIGHT__TOKEN: 'secret', DURE_LEFT_OVER__TOKEN: 'secret' };
  const options = supervisorOptions(stateFolder, new AbortController().signal);
  const own: Readonly<Record<string, readonly string[]>> = {
    left: ['DURE_LEFT__MAX_LINES'],
    'left-2': ['DURE_LEFT__MAX_LINES'],
    right: ['DURE_RIGHT__TOKEN'],
    gateway: [],
    all: ['DURE_LEFT__MAX_LINES', 'DURE_RIGHT__TOKEN'],
  };
  for (const placement of ['each', 'one'] as const) {
    const counts = placement === 'each' ? { left: 2 } : {};
    await using system = await startSupervisor({
      ...options,
      placement,
      counts,
      host: { ...options.host, configuration },
    });
    const looked = system.components.filter(({ name }) => name in own);
    assert.equal(looked.length, placement === 'each' ? 4 : 1);
    for (const { name, state } of looked) {
      const variables = await variablesOf('pid' in state ? (state.pid ?? 0) : 0);
      assert.deepEqual(variables, [...everyVariable, ...(own[name] ?? [])].sort(), name);
    }
  }
  await rm(stateFolder, { recursive: true });
});

test('services and the platform trust the authorities that their supervisor was started with', async () => {
  const authorities = join(fixtures, 'authority.pem');
  await using system = await start({ authorities });
  for (const name of ['left', 'gateway', 'registry']) {
    const variables = (await readFile(`/proc/${system.pids[name]}/environ`, 'utf8')).split('\0');
    assert.ok(variables.includes(`NODE_EXTRA_CA_CERTS=${authorities}`), name);
  }
});

test('a service that is killed comes back, and the system is ready again', async () => {
  await using system = await start();
  const pid = system.kill('left');
  await gone([pid], 1_000);
  await system.untilReady();
  assert.notEqual(system.pids.left, pid);
  const left = (await system.status()).components.find(({ name }) => name === 'left');
  assert.equal(left?.restarts, 1);
  assert.equal(left?.lastCrash, 'killed by SIGKILL');
  assert.throws(
    () => system.kill('middle'),
    (error) => codeOf(error) === 'DURE_SERVICE_UNKNOWN',
  );
});

test('the database server that is killed comes back on its port', async () => {
  await using system = await start();
  process.kill(system.pids.postgres ?? 0, 'SIGKILL');
  for (let turn = 0; turn < 100 && (await system.status()).ready; turn += 1) await wait(systemClock, 20);
  await system.untilReady();
  const postgres = (await system.status()).components.find(({ name }) => name === 'postgres');
  assert.equal(postgres?.restarts, 1);
});

const faults = [
  ['exit', /^"left" did not start: exit code 1: TypeError: left was told to fail$/],
  ['failed', /^"left" did not start: SERVICE_LISTEN_FAILED: port 1 is not for us$/],
] as const;

for (const [fault, pattern] of faults) {
  test(`a service that does not start (${fault}) ends the start; nothing is left`, async () => {
    const stateFolder = await scratch();
    await writeFile(join(stateFolder, 'fail-left'), fault);
    const pids: number[] = [];
    await assert.rejects(
      start({
        stateFolder,
        observe: (event) => {
          if (event.type === 'component' && 'pid' in event.component.state) pids.push(event.component.state.pid ?? 0);
        },
      }),
      (error) => {
        assert.equal(codeOf(error), 'DURE_PROCESS_FAILED');
        assert.match(messageOf(error), pattern);
        return true;
      },
    );
    assert.ok(pids.length > 3);
    await gone(pids, 0);
    assert.deepEqual(await readdir(join(stateFolder, 'run')), []);
    await rm(stateFolder, { recursive: true });
  });
}

test('a system that is not ready in time says what it waits for', async () => {
  const stateFolder = await scratch();
  await writeFile(join(stateFolder, 'fail-right'), 'down');
  await assert.rejects(start({ stateFolder, readyTimeoutMs: 300 }), (error) => {
    assert.equal(codeOf(error), 'DURE_START_TIMEOUT');
    assert.match(messageOf(error), /the system was not ready after 0\.3 s: right is DOWN \(db\)/);
    return true;
  });
  await rm(stateFolder, { recursive: true });
});

test('a process that ignores the request to stop does not hold up the end', async () => {
  const stateFolder = await scratch();
  await writeFile(join(stateFolder, 'fail-left'), 'stubborn');
  const system = await start({ stateFolder });
  const pids = Object.values(system.pids);
  const from = performance.now();
  await system.stop();
  assert.ok(performance.now() - from < 2_000);
  await gone(pids, 0);
  await rm(stateFolder, { recursive: true });
});

test('a second start on the same state names the process that holds it', async () => {
  await using system = await start();
  await assert.rejects(start({ stateFolder: system.stateFolder }), (error) => {
    assert.equal(codeOf(error), 'DURE_ALREADY_RUNNING');
    assert.match(messageOf(error), new RegExp(`process ${process.pid}`));
    return true;
  });
  assert.equal((await system.status()).ready, true);
});

test('a start that is refused leaves no folder of a socket whose path is too long, nor does one that ends', async () => {
  const folder = await scratch();
  const stateFolder = join(folder, 'x'.repeat(100));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = join(folder, 'tmp');
  await mkdir(process.env.TMPDIR);
  const made = async () => (await readdir(join(folder, 'tmp'))).filter((name) => name.startsWith('dure-'));
  try {
    await using system = await start({ stateFolder });
    assert.equal((await made()).length, 1);
    await assert.rejects(start({ stateFolder }), (error) => codeOf(error) === 'DURE_ALREADY_RUNNING');
    assert.equal((await made()).length, 1);
    await system.stop();
    assert.deepEqual(await made(), []);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  await rm(folder, { recursive: true });
});

test('a busy port ends the start before anything runs', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  let started = 0;
  await assert.rejects(
    start({
      portBase: port,
      observe: ({ type }) => {
        if (type === 'component') started += 1;
      },
    }),
    (error) => {
      assert.ok(isDureError(error));
      assert.equal(error.code, 'DURE_PORT_BUSY');
      assert.deepEqual([error.details.component, error.details.port], ['gateway', port]);
      return true;
    },
  );
  assert.equal(started, 0);
  server.close();
});

test('a system that does not load ends the start; the database server is stopped again', async () => {
  const module = join(fixtures, 'broken', 'throws', 'system.ts');
  await assert.rejects(
    startSystem(module, { hostModule: fakeHost }),
    (error) => codeOf(error) === 'DURE_SYSTEM_BROKEN',
  );
});

function supervisorOptions(stateFolder: string, signal: AbortSignal): SupervisorOptions {
  return {
    module: plain,
    stateFolder,
    placement: 'each',
    portBase: 0,
    mode: 'test',
    fresh: false,
    durable: false,
    host: { module: fakeHost, path: '/usr/bin:/bin' },
    clock: systemClock,
    random: systemRandom,
    startedMs: systemClock.monotonicMs(),
    observe: () => undefined,
    signal,
  };
}

test('a start can be stopped at any moment, and leaves nothing', async () => {
  const stateFolder = await scratch();
  for (const delayMs of [0, 5, 40, 120, 300]) {
    const abort = new AbortController();
    const pids: number[] = [];
    const starting = startSupervisor({
      ...supervisorOptions(stateFolder, abort.signal),
      observe: (event) => {
        if (event.type === 'component' && 'pid' in event.component.state) pids.push(event.component.state.pid ?? 0);
      },
    });
    void wait(systemClock, delayMs).then(() => abort.abort());
    const outcome = await starting.catch((error: unknown) => error);
    if (isDureError(outcome)) assert.equal(outcome.code, 'DURE_START_CANCELLED');
    else await (outcome as AsyncDisposable)[Symbol.asyncDispose]();
    await gone(pids, 0);
    assert.equal(await readControlFile(stateFolder), undefined);
    assert.deepEqual(await readdir(join(stateFolder, 'run')).catch(() => []), []);
  }
  await rm(stateFolder, { recursive: true });
});

test('the supervisor is asked to stop over its socket, also while it starts', async () => {
  const stateFolder = await scratch();
  const starting = startSupervisor(supervisorOptions(stateFolder, new AbortController().signal));
  starting.catch(() => undefined);
  for (let turn = 0; turn < 200 && (await readControlFile(stateFolder)) === undefined; turn += 1)
    await wait(systemClock, 5);
  await wait(systemClock, 30);
  assert.equal((await askSupervisor(stateFolder, { ask: 'status' })).ready, false);
  await askSupervisor(stateFolder, { ask: 'stop' });
  await assert.rejects(starting, (error) => codeOf(error) === 'DURE_START_CANCELLED');
  await rm(stateFolder, { recursive: true });
});

test('starting afresh makes new keys and databases', async () => {
  const stateFolder = await scratch();
  await mkdir(join(stateFolder, 'keys'), { recursive: true });
  const keys = () => readFile(join(stateFolder, 'keys', 'left.json'), 'utf8');
  await (await startSupervisor(supervisorOptions(stateFolder, new AbortController().signal))).stop();
  const before = await keys();
  await (await startSupervisor(supervisorOptions(stateFolder, new AbortController().signal))).stop();
  assert.equal(await keys(), before);
  await (
    await startSupervisor({ ...supervisorOptions(stateFolder, new AbortController().signal), fresh: true })
  ).stop();
  assert.notEqual(await keys(), before);
  await rm(stateFolder, { recursive: true });
});

test('when the supervisor is killed everything ends, and the next start works at once on the same ports', async () => {
  const stateFolder = await scratch();
  const run = async (port: string) => {
    const child = fork(join(fixtures, 'run-supervisor.ts'), ['plain', fakeHost, stateFolder, port], {
      stdio: 'inherit',
    });
    const [{ pids, urls }] = (await once(child, 'message')) as [{ pids: number[]; urls: { gateway: string } }];
    return { child, pids, port: new URL(urls.gateway).port };
  };
  const first = await run('0');
  first.child.kill('SIGKILL');
  const second = await run(first.port);
  assert.equal(second.port, first.port);
  await gone(first.pids, 3_000);
  await askSupervisor(stateFolder, { ask: 'stop' });
  await gone(second.pids, 0);
  await rm(stateFolder, { recursive: true });
});
