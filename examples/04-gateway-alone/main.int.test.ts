import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const at = (file: string) => join(import.meta.dirname, file);

test('the example prints what its pages show: limits, versions, other origins, problems and the log of it all', () => {
  const printed = execFileSync(process.execPath, [at('main.ts')], { encoding: 'utf8', timeout: 30_000 });
  const steady = (text: string) => text.replace(/again in \d+ s/, 'again in N s');
  assert.equal(printed.match(/^\d {2}/gm)?.length, 7);
  for (const page of ['README.md', 'README.ko.md'])
    assert.ok(
      steady(readFileSync(at(page), 'utf8')).includes(steady(printed.trimEnd())),
      `${page} shows something else than\n${printed}`,
    );
});
