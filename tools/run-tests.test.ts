import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'dure-run-tests-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the runner makes of one file, or of none. */
function outcomeOf(name: string, source?: string) {
  const path = join(folder, `${name}.test.ts`);
  if (source !== undefined) writeFileSync(path, source);
  // Without this variable the runner within this test would take itself for a child of it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = join(import.meta.dirname, 'run-tests.ts');
  const { status, stdout } = spawnSync(process.execPath, [runner, path], { encoding: 'utf8', env });
  return { status, stdout, last: stdout.trim().split('\n').at(-1) };
}

const passes = "import { test } from 'node:test';\ntest('passes', () => undefined);\n";
const skips = "import { test } from 'node:test';\ntest('is skipped', { skip: 'here' }, () => undefined);\n";

test('a test that passes counts, and so does one that is skipped', () => {
  const { status, last } = outcomeOf('good', passes + skips.split('\n')[1]);
  assert.deepEqual([status, last], [0, '1 passed, 0 failed, 1 skipped']);
});

const empty: readonly (readonly [string, string | undefined, RegExp, string])[] = [
  ['no file', undefined, /the suite .*no file\.test\.ts ran no test/, '0 passed, 1 failed'],
  ['a file without a test', 'export {};\n', /there is no test in .*a file without a test/, '0 passed, 1 failed'],
  ['skipped tests only', skips, /ran no test/, '0 passed, 1 failed, 1 skipped'],
  ['a file that does not load', "throw new TypeError('broken');\n", /broken/, '0 passed, 1 failed'],
  ['a file that ends before its test', `${passes}process.exit(3);\n`, /✖/, '0 passed, 1 failed'],
];
for (const [name, source, text, counted] of empty) {
  test(`a suite of ${name} has failed`, () => {
    const { status, stdout, last } = outcomeOf(name, source);
    assert.deepEqual([status, last], [1, counted], stdout);
    assert.match(stdout, text);
  });
}
