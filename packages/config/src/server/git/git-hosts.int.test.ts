import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gitHttpHost } from '../../testing/git-http-host.ts';
import { gitRemote } from '../../testing/git-remote.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { gitBackend } from '../backends/git-backend.ts';

const scratch = await mkdtemp(join(tmpdir(), 'dure-git-hosts-'));
after(() => rm(scratch, { recursive: true }));
const passwordFile = join(scratch, 'password');
const request = { names: ['order'], profiles: ['dev'] };
const linesOf = async (backend: ConfigBackend) =>
  (await backend.find(request)).sources[0]?.properties.get('lines')?.value;

/** A host with a repository, and a backend that reads from it. */
async function open(folder?: string) {
  const remote = await gitRemote();
  await remote.push({ 'order.yml': 'lines: 1\n' });
  const host = await gitHttpHost(remote.folder);
  await writeFile(passwordFile, `${host.password}\n`, { mode: 0o600 });
  await chmod(passwordFile, 0o600);
  const options = { url: host.url, username: 'dure', passwordFile, refreshMs: 0, timeoutMs: 20_000 };
  const backend = gitBackend(options, folder === undefined ? {} : { folder });
  return {
    remote,
    host,
    backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
      await remote[Symbol.asyncDispose]();
    },
  };
}

test('over HTTP the password comes from a file, goes to the host alone, and stands in no argument, name or message', async () => {
  const folder = join(scratch, 'state');
  await using opened = await open(folder);
  const { host, backend, remote } = opened;
  assert.equal(await linesOf(backend), 1);
  await remote.push({ 'order.yml': 'lines: 2\n' });
  assert.deepEqual(await backend.refresh(), ['order.yml']);
  assert.equal(await linesOf(backend), 2);
  const { sources } = await backend.find(request);
  assert.equal(sources[0]?.name, `${host.url}/order.yml`);
  assert.ok(host.seen.includes(`Basic ${btoa(`dure:${host.password}`)}`));

  const [home = ''] = await readdir(folder);
  assert.equal((await stat(join(folder, home))).mode & 0o777, 0o700);
  for (const file of ['gitconfig', 'ssh-config', 'credentials', 'repo.git/config']) {
    const path = join(folder, home, file);
    const text = await readFile(path, 'utf8');
    assert.equal(decodeURIComponent(text).includes(host.password), file === 'credentials', file);
    if (!file.startsWith('repo')) assert.equal((await stat(path)).mode & 0o077, 0, file);
  }
});

test('no argument of any process holds the password while git fetches', async () => {
  await using opened = await open();
  const { host, backend } = opened;
  host.behaviour = 'hang';
  const asked = backend.refresh();
  while (host.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const processes = execFileSync('ps', ['axwwe', '-o', 'args'], { encoding: 'utf8' });
  assert.ok(processes.includes('git-remote-http'));
  for (const secret of [host.password, encodeURIComponent(host.password), btoa(`dure:${host.password}`)])
    assert.ok(!processes.includes(secret));
  await backend[Symbol.asyncDispose]();
  await asked;
});

test('a password that is refused is a problem without the password; a changed file is taken up by the next fetch', async () => {
  await using opened = await open();
  const { host, backend } = opened;
  assert.equal(await linesOf(backend), 1);
  host.password = 'n3w-one';
  await backend.refresh();
  const [problem] = await backend.problems();
  assert.equal(problem?.place, host.url);
  assert.match(problem.message, /Authentication failed|could not read/);
  assert.doesNotMatch(JSON.stringify(problem), /s3cret|p%40ss|n3w-one/);
  await writeFile(passwordFile, host.password, { mode: 0o600 });
  await backend.refresh();
  assert.deepEqual(await backend.problems(), []);
});

test('a password that others can read is not used', async () => {
  await using opened = await open();
  const { host, backend } = opened;
  await chmod(passwordFile, 0o640);
  await assert.rejects(backend.find(request), /CONFIG_GIT_UNREACHABLE|can be read by others/);
  assert.deepEqual(host.seen, []);
});

test('a host that never answers costs a fetch its time, and no read; its processes end with it', async () => {
  await using remote = await gitRemote();
  await remote.push({ 'order.yml': 'lines: 1\n' });
  await using host = await gitHttpHost(remote.folder);
  await writeFile(passwordFile, host.password, { mode: 0o600 });
  await chmod(passwordFile, 0o600);
  const folder = join(scratch, 'hanging');
  const options = { url: host.url, username: 'dure', passwordFile, refreshMs: 0 };
  {
    await using first = gitBackend({ ...options, timeoutMs: 20_000 }, { folder });
    assert.equal(await linesOf(first), 1);
  }
  host.behaviour = 'hang';
  await using backend = gitBackend({ ...options, timeoutMs: 300 }, { folder });
  assert.equal(await linesOf(backend), 1, 'what was kept from before is served when the first fetch has failed');
  const refreshed = backend.refresh();
  assert.equal(await linesOf(backend), 1, 'and while a fetch is under way');
  await refreshed;
  const [problem] = await backend.problems();
  assert.equal(problem?.message, 'git fetch: it took longer than 300 ms');
  const processes = execFileSync('ps', ['axww', '-o', 'args'], { encoding: 'utf8' });
  assert.ok(!processes.includes(host.url));
});

test('over TLS a host is believed by the authority that is named, and by no other', async () => {
  const openssl = (...parameters: readonly string[]) =>
    execFileSync('openssl', parameters, { stdio: 'ignore', cwd: scratch });
  const subject = ['-subj', '/CN=git.test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, ...subject, '-keyout', 'key.pem', '-out', 'cert.pem');
  const [certFile, keyFile] = [join(scratch, 'cert.pem'), join(scratch, 'key.pem')];
  await using remote = await gitRemote();
  await remote.push({ 'order.yml': 'lines: 7\n' });
  await using host = await gitHttpHost(remote.folder, { certFile, keyFile });
  await writeFile(passwordFile, host.password, { mode: 0o600 });
  await chmod(passwordFile, 0o600);
  const options = { url: host.url, username: 'dure', passwordFile, refreshMs: 0 };
  await using strange = gitBackend(options);
  await assert.rejects(strange.find(request), { code: 'CONFIG_GIT_UNREACHABLE' });
  assert.deepEqual(host.seen, []);
  await using backend = gitBackend({ ...options, caFile: certFile });
  assert.equal(await linesOf(backend), 7);
});
