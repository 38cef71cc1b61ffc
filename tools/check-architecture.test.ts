import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rules } from './architecture/all-rules.ts';
import { ambient } from './architecture/rules/ambient.ts';
import { layering } from './architecture/rules/layering.ts';
import type { Rule } from './architecture/source-tree.ts';
import { leastFiles, sourceTree } from './architecture/source-tree.ts';

const fixtures = join(import.meta.dirname, 'fixtures/violations');

for (const rule of rules) {
  test(`rule ${rule.name} catches its seeded violation, and no other rule complains of it`, () => {
    const tree = sourceTree(join(fixtures, rule.name));
    assert.ok(tree.files.length > 0, 'the fixture has files');
    const caught = rules.filter((candidate) => [...candidate.check(tree)].length > 0).map(({ name }) => name);
    assert.ok(caught.includes(rule.name), `caught by ${caught.join(', ') || 'none'}`);
    assert.deepEqual(
      caught.filter((name) => name !== rule.name),
      [],
    );
  });
}

test('each seeded violation of the layers is reported where it stands', () => {
  assert.deepEqual(placesOf(layering, '1-layering'), [
    'core/src/index.ts:1',
    'messaging/src/follower.ts:1',
    'proxy/src/nowhere/stray.ts:1',
    'registry/src/client/ask.ts:1',
    'service/src/contract/operation.ts:1',
    'service/src/contract/route.ts:1',
  ]);
});

test('each seeded use of what is ambient is reported where it stands', () => {
  assert.deepEqual(placesOf(ambient, '9-ambient'), [
    'balancer/src/name.ts:1',
    'balancer/src/pause.ts:1',
    'core/src/stamp.ts:3',
  ]);
});

function placesOf(rule: Rule, fixture: string): readonly string[] {
  const found = [...rule.check(sourceTree(join(fixtures, fixture)))];
  return found.map(({ path, line }) => `${path.replace('packages/', '')}:${line}`).sort();
}

test('the parser is given every file of the house, and the least number of files keeps up with it', () => {
  const { files } = sourceTree(join(import.meta.dirname, '..'));
  assert.ok(files.some(({ path }) => path === 'packages/core/src/call.ts'));
  assert.ok(files.length >= leastFiles, `${files.length} files; fewer than ${leastFiles} were expected`);
  assert.ok(leastFiles > files.length * 0.75, `raise leastFiles to ${Math.floor(files.length * 0.9)}`);
});

test('the checker fails when it saw fewer files than there are, even if it has nothing to say against them', () => {
  const root = mkdtempSync(join(tmpdir(), 'dure-architecture-'));
  mkdirSync(join(root, 'packages/core/src'), { recursive: true });
  writeFileSync(join(root, 'packages/core/src/one.ts'), '/** One. */\nexport const one = 1;\n');
  const checker = join(import.meta.dirname, 'check-architecture.ts');
  const { status, stdout } = spawnSync(process.execPath, [checker, root], { encoding: 'utf8' });
  rmSync(root, { recursive: true });
  assert.equal(status, 1);
  assert.match(
    stdout,
    new RegExp(`^only 1 files were seen; at least ${leastFiles} were expected\n.*, 0 violations\n$`),
  );
});
