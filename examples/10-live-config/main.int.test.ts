import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const at = (file: string) => join(import.meta.dirname, file);

test('the example prints what its pages show: a discount, a refusal, two shares of customers, and no call that failed', () => {
  const printed = execFileSync(process.execPath, [at('main.ts')], { encoding: 'utf8', timeout: 90_000 });
  assert.equal(printed.trimEnd().split('\n').length, 6);
  for (const page of ['README.md', 'README.ko.md'])
    assert.ok(
      readFileSync(at(page), 'utf8').includes(printed.trimEnd()),
      `${page} shows something else than\n${printed}`,
    );
});
