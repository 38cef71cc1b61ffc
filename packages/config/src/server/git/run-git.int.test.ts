import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '@dure/core';
import { writeGitHome } from './git-home.ts';
import { runGit } from './run-git.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-run-git-'));
after(() => rm(folder, { recursive: true }));
const place = { folder, clock: systemClock, signal: new AbortController().signal };
await writeGitHome(folder, 'https://git.example/config.git', { url: '' });
await runGit(place, ['init', '--quiet', '--bare', '--template=']);

test('git sees neither the machine’s nor the user’s settings, and only what stands in its own', async () => {
  await writeFile(join(folder, '.gitconfig'), '[core]\n\tpager = touch owned\n');
  const lines = (await runGit(place, ['config', '--list', '--show-origin'])).toString().trim().split('\n');
  const origins = new Set(lines.map((line) => line.split('\t')[0]));
  assert.deepEqual([...origins].sort(), [`file:${join(folder, 'gitconfig')}`, 'file:repo.git/config'].sort());
  const settings = lines.map((line) => line.split('\t')[1]);
  for (const setting of ['protocol.allow=never', 'protocol.file.allow=never', 'core.hookspath=/dev/null'])
    assert.ok(settings.includes(setting), setting);
});

test('transports that are not allowed are refused by git as well', async () => {
  for (const url of ['ext::sh -c date', 'git://127.0.0.1/x', `file://${folder}/repo.git`, 'http://127.0.0.1/x'])
    await assert.rejects(runGit(place, ['ls-remote', '--', url]), /transport '\w+' not allowed/);
});

test('what fails says so in git’s words, without the user of an address', async () => {
  await assert.rejects(runGit(place, ['no-such-command']), {
    code: 'CONFIG_GIT_FAILED',
    message: /git no-such-command: .*not a git command/,
  });
  await assert.rejects(runGit(place, ['rev-parse', '--verify', 'https://me:pw@host/x']), (error: Error) => {
    assert.doesNotMatch(error.message, /me:pw/);
    return true;
  });
  const closed = { ...place, signal: AbortSignal.abort() };
  await assert.rejects(runGit(closed, ['version']), /the repository was closed/);
});

test('paths with quotes, backslashes or control characters are not written into settings', async () => {
  for (const path of ['/a"b', '/a\\b', '/a\nProxyCommand touch owned', '/a\0']) {
    for (const key of ['caFile', 'sshKeyFile', 'knownHostsFile', 'proxy'])
      await assert.rejects(writeGitHome(folder, 'https://git.example/x', { url: '', [key]: path }), {
        code: 'CONFIG_GIT_OPTIONS',
      });
  }
});
