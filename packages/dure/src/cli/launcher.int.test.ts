import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'dure.js');
const oldNodes = ['/usr/bin/node', '/usr/local/bin/node'];

async function run(node: string, ...argv: readonly string[]) {
  const child = spawn(node, [launcher, ...argv], { env: { PATH: '/usr/bin:/bin', LANG: 'C' } });
  const heard: { out: string[]; err: string[] } = { out: [], err: [] };
  child.stdout.on('data', (chunk) => heard.out.push(String(chunk)));
  child.stderr.on('data', (chunk) => heard.err.push(String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out: heard.out.join(''), err: heard.err.join('') };
}

async function olderNode(): Promise<string | undefined> {
  for (const node of oldNodes) {
    const there = await access(node).then(
      () => true,
      () => false,
    );
    if (!there) continue;
    const version = spawn(node, ['-p', 'process.versions.node.split(".")[0]']);
    let text = '';
    for await (const chunk of version.stdout) text += chunk;
    if (Number(text) < 24) return node;
  }
  return undefined;
}

test('the launcher runs the command on this Node.js', async () => {
  const { code, out } = await run(process.execPath, '--help');
  assert.equal(code, 0);
  assert.match(out, /^Dure runs microservice systems/);
  assert.equal((await run(process.execPath, 'nonsense')).code, 2);
});

test('on an older Node.js it runs the command on the one that came with the packages', async (context) => {
  const node = await olderNode();
  if (node === undefined) return context.skip('this machine has no older Node.js');
  const { code, out, err } = await run(node, 'up', '--help');
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.match(out, /--placement/);
});
