import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const at = (file: string) => join(import.meta.dirname, file);

test('the example prints the table that its pages show, and the breaker closes again', () => {
  const printed = execFileSync(process.execPath, [at('main.ts')], { encoding: 'utf8' });
  const [table = '', end] = printed.split('\n\n');
  assert.equal(table.split('\n').length, 5);
  assert.equal(end, 'In the end the breaker is closed.\n');
  for (const page of ['README.md', 'README.ko.md'])
    assert.ok(readFileSync(at(page), 'utf8').includes(table), `${page} shows another table than\n${table}`);
});
