import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { codeOf, systemClock, systemRandom, wait } from '@dure/core';
import { connected } from '../provisioning/connect.ts';
import { installedBinaries } from './binaries.ts';
import { removeEmbeddedPostgres } from './cluster-state.ts';
import type { EmbeddedPostgresOptions } from './embedded-postgres.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

const isRoot = process.getuid?.() === 0;
let parent: string;
let folder: string;

before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'dure-embedded-'));
  await chmod(parent, 0o711);
  folder = join(parent, 'state');
});

after(async () => {
  await removeEmbeddedPostgres(folder);
  await rm(parent, { recursive: true, force: true });
});

const start = (change: Partial<EmbeddedPostgresOptions> = {}) =>
  startEmbeddedPostgres({ folder, clock: systemClock, random: systemRandom, durable: false, ...change });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = systemClock.monotonicMs() + limitMs;
  while (!condition()) {
    assert.ok(systemClock.monotonicMs() < end, `not so within ${limitMs} ms`);
    await wait(systemClock, 10);
  }
}

test('a cluster is made once and keeps its data, its port and its password', async () => {
  const first = await start();
  assert.equal(first.created, true);
  await connected(first.adminUrl, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS one'));
  await first.stop();
  await first.stop();
  assert.equal(isAlive(first.pid), false);
  await using second = await start();
  assert.equal(second.created, false);
  assert.equal(second.adminUrl, first.adminUrl);
  const { rows } = await connected(second.adminUrl, (client) => client.query('SELECT one FROM kept'));
  assert.deepEqual(rows, [{ one: 1 }]);
});

test('secrets are readable by their owner only, and the file with the first password is gone', async () => {
  await (await start()).stop();
  const { mode } = await stat(join(folder, 'cluster.json'));
  assert.equal(mode & 0o077, 0);
  assert.deepEqual((await readdir(folder)).sort(), ['cluster.json', 'data']);
});

test('a wrong password is refused', async () => {
  await using server = await start();
  const url = new URL(server.adminUrl);
  url.password = 'wrong';
  await assert.rejects(
    connected(url.href, async () => undefined),
    (error) => codeOf(error) === 'POSTGRES_CONNECT_FAILED',
  );
});

test('Korean sorts in dictionary order', async () => {
  await using server = await start();
  const { rows } = await connected(server.adminUrl, (client) =>
    client.query(
      "SELECT string_agg(word, ' ' ORDER BY word) AS sorted FROM unnest(array['하늘','가을','두레','나무']) AS word",
    ),
  );
  assert.deepEqual(rows, [{ sorted: '가을 나무 두레 하늘' }]);
});

test('a SIGKILL of the supervisor leaves no server behind', async () => {
  const program = `
    import { systemClock, systemRandom } from '@dure/core';
    import { startEmbeddedPostgres } from '@dure/postgres/embedded';
    const options = { folder: process.argv[1], clock: systemClock, random: systemRandom, durable: true };
    console.log((await startEmbeddedPostgres(options)).pid);`;
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await createInterface({ input: supervisor.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then((next) => [next.value]);
  const pid = Number(line);
  assert.ok(isAlive(pid));
  supervisor.kill('SIGKILL');
  await until(() => !isAlive(pid), 2_000);
});

test('a second start on running data names the process that holds it', async () => {
  await using server = await start();
  await assert.rejects(start({ patienceMs: 100 }), (error: Error) => {
    assert.equal(codeOf(error), 'POSTGRES_ALREADY_RUNNING');
    assert.match(error.message, new RegExp(`process id ${server.pid} .*kill -INT ${server.pid}`));
    return true;
  });
});

test('a crash of the server is told, and the next start recovers', async () => {
  const server = await start();
  process.kill(server.pid, 'SIGKILL');
  assert.equal((await server.exited).status, 137);
  await (await start()).stop();
});

test('after a crash the file system is synchronised at once, not file by file', {
  skip: process.platform === 'linux' ? false : 'PostgreSQL knows no such call here',
}, async () => {
  await using server = await start({ durable: true });
  const { rows } = await connected(server.adminUrl, (client) => client.query('SHOW recovery_init_sync_method'));
  assert.deepEqual(rows, [{ recovery_init_sync_method: 'syncfs' }]);
});

test('the trace of a crash does not hinder a start, also when another program has the process id by now', async () => {
  const pidFile = join(folder, 'data', 'postmaster.pid');
  for (const pid of [process.pid, 4_000_000]) {
    await writeFile(pidFile, `${pid}\n${join(folder, 'data')}\n`);
    await (await start()).stop();
  }
});

test('a port that was asked for and is taken is named, and a remembered one is replaced', async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
  });
  try {
    await assert.rejects(start({ port }), (error: Error) => {
      assert.equal(codeOf(error), 'POSTGRES_PORT_TAKEN');
      assert.match(error.message, new RegExp(`port ${port} `));
      return true;
    });
    const state = JSON.parse(await readFile(join(folder, 'cluster.json'), 'utf8'));
    await writeFile(join(folder, 'cluster.json'), JSON.stringify({ ...state, port }));
    await using server = await start();
    assert.notEqual(server.port, port);
  } finally {
    holder.close();
  }
});

test('a start that fails says what PostgreSQL said', async () => {
  await assert.rejects(start({ settings: { max_wal: '1' } }), (error: Error) => {
    assert.equal(codeOf(error), 'POSTGRES_START_FAILED');
    assert.match(error.message, /unrecognized configuration parameter "max_wal"/);
    return true;
  });
});

test('a damaged state file is named', async () => {
  const damaged = join(parent, 'damaged');
  await cp(folder, damaged, { recursive: true, filter: (source) => !source.includes('data') });
  for (const text of ['{', '{}']) {
    await writeFile(join(damaged, 'cluster.json'), text);
    await assert.rejects(start({ folder: damaged }), (error: Error) => {
      assert.equal(codeOf(error), 'POSTGRES_STATE_INVALID');
      assert.match(error.message, /damaged\/cluster\.json.*--fresh/);
      return true;
    });
  }
});

test('links between libraries that npm dropped are restored', async () => {
  const installation = join(parent, 'installation');
  const native = join(installation, 'native');
  await cp(join(installedBinaries(), '..', 'package.json'), join(installation, 'package.json'));
  const noLinks = async (source: string) => !(await lstat(source)).isSymbolicLink();
  await cp(installedBinaries(), native, { recursive: true, filter: noLinks });
  await (await start({ binaries: native })).stop();
  assert.ok((await readdir(join(native, 'lib'))).includes('libicuuc.so.60'));
});

test('as root, data and binaries below a closed folder are kept where the server reaches them', {
  skip: !isRoot && 'not root',
}, async () => {
  const closed = join(parent, 'closed');
  await cp(join(installedBinaries(), '..', 'package.json'), join(closed, 'package', 'package.json'));
  await cp(installedBinaries(), join(closed, 'package', 'native'), { recursive: true, verbatimSymlinks: true });
  await chmod(closed, 0o700);
  const state = join(closed, 'state');
  const server = await start({ folder: state, binaries: join(closed, 'package', 'native') });
  const { home } = JSON.parse(await readFile(join(state, 'cluster.json'), 'utf8'));
  assert.equal(server.dataFolder, join(home, 'data'));
  assert.ok(!home.startsWith(closed));
  await server.stop();
  await removeEmbeddedPostgres(state);
  await assert.rejects(stat(home));
});

test('a platform without binaries is told which package is missing', () => {
  assert.throws(
    () => installedBinaries('linux', 'mips'),
    (error: Error) =>
      codeOf(error) === 'POSTGRES_BINARY_MISSING' && error.message.includes('@embedded-postgres/linux-mips'),
  );
});
