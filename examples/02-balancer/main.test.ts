import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('the example says of every rule what the slow and the failing instance cost', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const [head, ...rows] = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n');
  assert.match(head ?? '', /slow: its share +p99\.9 +back after +fails fast: errors +back after/);
  assert.equal(rows.length, 10);
  assert.match(rows.at(0) ?? '', /^round robin .* 10\.00 % +500 ms .* 10\.00 %/);
  const [, share, p999Ms, errors] =
    /^peakEwma .* ([\d.]+) % +(\d+) ms +[\d.]+ s +([\d.]+) %/.exec(rows.at(-1) ?? '') ?? [];
  assert.ok(Number(share) < 0.5, `the slow one got ${share} %`);
  assert.ok(Number(p999Ms) < 100, `p99.9 is ${p999Ms} ms`);
  assert.ok(Number(errors) < 0.5, `${errors} % failed`);
});
