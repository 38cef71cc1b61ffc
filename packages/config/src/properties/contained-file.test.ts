import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readContained } from './contained-file.ts';

async function withFolders(use: (root: string, outside: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'dure-contained-'));
  try {
    const [root, outside] = [join(parent, 'root'), join(parent, 'root-outside')];
    await mkdir(join(root, 'sub'), { recursive: true });
    await mkdir(outside);
    await writeFile(join(root, 'sub', 'file.txt'), 'inside');
    await writeFile(join(outside, 'file.txt'), 'SECRET');
    await use(root, outside);
  } finally {
    await rm(parent, { recursive: true });
  }
}

async function textOf(root: string, path: string): Promise<string | undefined> {
  const read = await readContained(root, path, 1_000);
  return read?.kind === 'file' ? new TextDecoder().decode(read.bytes) : read?.kind;
}

test('a link within the folder is followed, one out of it is not, whichever part of the path it is', () =>
  withFolders(async (root, outside) => {
    await symlink('sub/file.txt', join(root, 'in.txt'));
    await symlink(join(outside, 'file.txt'), join(root, 'out.txt'));
    await symlink('../root-outside', join(root, 'out'));
    await symlink('out', join(root, 'again'));
    await symlink('circle', join(root, 'circle'));
    assert.equal(await textOf(root, 'in.txt'), 'inside');
    for (const path of ['out.txt', 'out/file.txt', 'again/file.txt', '../root-outside/file.txt'])
      assert.equal(await textOf(root, path), 'outside', path);
    for (const path of ['circle', 'nothing.txt', 'sub/file.txt/more'])
      assert.equal(await textOf(root, path), undefined);
  }));

test('what is no regular file is as if it were not there, and nobody waits for it', () =>
  withFolders(async (root) => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await symlink('/dev/zero', join(root, 'zero'));
    for (const path of ['pipe', 'sub', 'zero']) assert.equal(await textOf(root, path), undefined, path);
  }));

test('a file that is too large is not read', () =>
  withFolders(async (root) => {
    await truncate(join(root, 'sub', 'file.txt'), 1_001);
    assert.deepEqual(await readContained(root, 'sub/file.txt', 1_000), { kind: 'too-large', bytes: 1_001 });
  }));

test('a link that is put in the place of a file or folder during the reads lets nothing out', () =>
  withFolders(async (root, outside) => {
    const swaps = 1_500;
    let isOver = false;
    const swapping = async () => {
      for (let swap = 0; swap < swaps; swap += 1) {
        await symlink(join(outside, 'file.txt'), join(root, 'new.txt'));
        await rename(join(root, 'new.txt'), join(root, 'flip.txt'));
        await symlink(swap % 2 === 0 ? outside : 'sub', join(root, 'new'));
        await rename(join(root, 'new'), join(root, 'flip'));
        await writeFile(join(root, 'plain.txt'), 'inside');
        await rename(join(root, 'plain.txt'), join(root, 'flip.txt'));
      }
      isOver = true;
    };
    const seen = new Map<string | undefined, number>();
    const reading = async (path: string) => {
      while (!isOver) {
        const text = await textOf(root, path);
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
    };
    await Promise.all([swapping(), reading('flip.txt'), reading('flip.txt'), reading('flip/file.txt')]);
    assert.equal(seen.get('SECRET'), undefined);
    assert.ok((seen.get('inside') ?? 0) > 100 && (seen.get('outside') ?? 0) > 100, JSON.stringify([...seen]));
  }));
