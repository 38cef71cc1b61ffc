import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const at = (file: string) => join(import.meta.dirname, file);

for (const backend of ['folder', 'git'])
  test(`over a ${backend} the example prints what its pages show: sources, texts, who may what, and the last good version`, () => {
    const printed = execFileSync(process.execPath, [at('main.ts'), backend], { encoding: 'utf8', timeout: 30_000 });
    assert.equal(printed.match(/^\d {2}/gm)?.length, 4);
    for (const page of ['README.md', 'README.ko.md'])
      assert.ok(
        readFileSync(at(page), 'utf8').includes(printed.trimEnd()),
        `${page} shows something else than\n${printed}`,
      );
  });
