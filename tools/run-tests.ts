import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { globalSetup, globalTeardown } from '../packages/postgres/src/testing/global-setup.ts';

const root = join(import.meta.dirname, '..');

/** The suites, from the quickest to the slowest; `npm test` runs the first four. */
const suites: Readonly<Record<string, readonly string[]>> = {
  unit: ['{packages,shop,tools,examples}/**/*.test.ts'],
  int: ['{packages,shop,examples}/**/*.int.test.ts'],
  system: ['shop/tests/**/*.system.test.ts'],
  soak: ['{packages,shop,tools}/**/*.soak.test.ts'],
};
const everyday = ['types', 'unit', 'int', 'system'];

/** The others get one database cluster for all their files. */
const withoutDatabase: ReadonlySet<string> = new Set(['unit', 'system']);

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of wanted.length > 0 ? wanted : everyday) {
  if (suite === 'types') checkTypes();
  else if (withoutDatabase.has(suite)) await runSuite(suite, filesOf(suite));
  else {
    await globalSetup();
    await runSuite(suite, filesOf(suite)).finally(globalTeardown);
  }
}
process.stdout.write(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Type tests are programs that the compiler must accept, and reject where they say so. */
function checkTypes(): void {
  const { status, stdout } = spawnSync('tsc', ['-p', root], { encoding: 'utf8' });
  const count = globSync('{packages,shop}/**/*.types.test.ts', { cwd: root, exclude: ['**/node_modules/**'] }).length;
  if (status === 0) total.passed += count;
  else {
    total.failed += 1;
    process.stdout.write(stdout);
  }
}

function filesOf(suite: string): string[] {
  const [pattern] = suites[suite] ?? [suite];
  const all = globSync(pattern ?? suite, { cwd: root, exclude: ['**/node_modules/**', 'tools/fixtures/**'] });
  const special = /\.(int|system|types|soak)\.test\.ts$/;
  return (suite === 'unit' ? all.filter((file) => !special.test(file)) : all).sort().map((file) => join(root, file));
}

function runSuite(suite: string, files: readonly string[]): Promise<void> {
  if (files.length === 0) return Promise.resolve();
  process.stdout.write(`\n── ${suite}: ${files.length} files\n`);
  return new Promise((resolve) => {
    const events = run({
      files: [...files],
      cwd: root,
      // A file that hangs is a failure, not a wait.
      timeout: suite === 'soak' ? 900_000 : 180_000,
      concurrency: suite === 'system' || suite === 'soak' ? 1 : 2,
    });
    events.on('test:pass', ({ details, skip }) => {
      if (details.type === 'suite') return;
      if (skip === undefined || skip === false) total.passed += 1;
      else total.skipped += 1;
    });
    events.on('test:fail', ({ details }) => {
      if (details.type !== 'suite') total.failed += 1;
    });
    events.on('end', () => resolve());
    events.compose(new spec()).pipe(process.stdout, { end: false });
  });
}
