import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('the code in every page is the code of the file that it names', () => {
  const tool = join(import.meta.dirname, 'include-code.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^[1-9]\d* blocks of code, 0 pages written/);
});
