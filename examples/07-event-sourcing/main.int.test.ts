import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('the example spends what there is once, waits for its read model, and forgets whom it must', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const printed = execFileSync(process.execPath, [main], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual(printed.trimEnd().split('\n'), [
    'one buyer spends 6000, 4000 are left',
    'the other is refused: TooLittleLeft {"left":4000}',
    'the read model holds what was written: [{"name":"소라","cards":1}]',
    'built anew: [{"card":"c-1","left":4000}]',
    'after forgetting, the read model has 0 holders',
    '  1. gift.issued',
    '  2. gift.spent',
  ]);
});
