import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { rules } from './architecture/all-rules.ts';
import { sourceTree } from './architecture/source-tree.ts';

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

test('the parser is given every file of the house', () => {
  const tree = sourceTree(join(import.meta.dirname, '..'));
  assert.ok(tree.files.some(({ path }) => path === 'packages/core/src/call.ts'));
  assert.ok(tree.files.length > 150, `${tree.files.length} files`);
});
