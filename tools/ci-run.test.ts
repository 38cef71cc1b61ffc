import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'dure-ci-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const commands = join(folder, 'bin');
mkdirSync(commands);
mkdirSync(join(folder, '.ci'));
copyFileSync(join(import.meta.dirname, '..', '.ci', 'run'), join(folder, '.ci', 'run'));
/** Stands in for npm, npx, Chromium and Redis: `npm test` does what `SUITE` says, `npm --prefix bench ci` what `STEP` says. */
const stub = `#!/bin/sh
case "$*" in
  test) eval "$SUITE" ;;
  'run slow') echo '3 passed, 0 failed' ;;
  'run soak') echo '2 passed, 0 failed' ;;
  run\\ shop:*) echo '1 passed, 0 failed' ;;
  '--prefix bench ci') eval "$STEP" ;;
esac
`;
for (const name of ['npm', 'npx', 'chromium', 'redis-server'])
  writeFileSync(join(commands, name), stub, { mode: 0o755 });

function runCi(suite: string, step: string) {
  const env = { PATH: `${commands}${delimiter}${process.env.PATH ?? ''}`, SUITE: suite, STEP: step };
  return spawnSync('bash', [join(folder, '.ci', 'run')], { encoding: 'utf8', env });
}

function outcomeOf(suite: string, step = 'true') {
  const { status, stdout } = runCi(suite, step);
  return [status, stdout.trim().split('\n').at(-1)];
}

// Three pass in the slow suite, two in the soak suite and one in the shop by each of two brokers; the steps are `npm ci`, the brokers up and down, `npm run check`, the install of the benches and their types.
const outcomes: readonly (readonly [string, string, number, string])[] = [
  ['passes', "echo '7 passed, 0 failed, 1 skipped'", 0, '20 passed, 0 failed'],
  ['counts a failure', "echo '7 passed, 3 failed'; exit 1", 1, '20 passed, 3 failed'],
  ['executed nothing', "echo '0 passed, 0 failed'", 1, '13 passed, 1 failed'],
  ['ends badly with no failure counted', "echo '7 passed, 0 failed'; exit 1", 1, '20 passed, 1 failed'],
  ['prints no counts', 'true', 1, '13 passed, 1 failed'],
  ['crashes', "echo 'Segmentation fault'; exit 139", 1, '13 passed, 1 failed'],
];
for (const [name, suite, status, last] of outcomes) {
  test(`what must be green ends with ${status} when a suite ${name}`, () => {
    assert.deepEqual(outcomeOf(suite), [status, last]);
  });
}

test('what must be green is not when a step fails', () => {
  assert.deepEqual(outcomeOf("echo '7 passed, 0 failed'", 'exit 1'), [1, '19 passed, 1 failed']);
});

test('what failed is said once more at the end', () => {
  const suite = "printf 'What failed:\\n✖ bread is baked\\n\\n7 passed, 1 failed\\n'; exit 1";
  const end = runCi(suite, 'exit 1').stdout.split('What failed:').at(-1);
  assert.equal(end, '\n✖ bread is baked\n\n7 passed, 1 failed\nfailed: npm --prefix bench ci\n19 passed, 2 failed\n');
});
