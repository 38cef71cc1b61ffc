import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { globalSetup, globalTeardown } from '../packages/postgres/src/testing/global-setup.ts';

const root = join(import.meta.dirname, '..');

/** The suites, from the quickest to the slowest; `npm test` runs the first three and the types. */
const suites: Readonly<Record<string, readonly string[]>> = {
  unit: ['{packages,shop,tools,examples}/**/*.test.ts'],
  int: ['{packages,shop,examples}/**/*.int.test.ts'],
  system: ['shop/tests/**/*.system.test.ts'],
  slow: ['{packages,shop,examples}/**/*.slow.test.ts'],
  soak: ['{packages,shop,tools}/**/*.soak.test.ts'],
  night: ['{packages,shop,tools}/**/*.night.test.ts'],
};
const everyday = ['types', 'unit', 'int', 'system'];

/** These get one database cluster for all their files. */
const needsDatabase = /\.(int|slow|soak|night)\.test\.ts$/;

// Every file is a process, and most of what it loads another has loaded before.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/dure/tests');

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of wanted.length > 0 ? wanted : everyday) {
  const { passed, failed } = total;
  if (suite === 'types') checkTypes();
  else await runFiles(suite, filesOf(suite));
  // What ran nothing has proved nothing.
  if (total.passed === passed && total.failed === failed) fail(`the suite ${suite} ran no test`);
}
process.stdout.write(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Type tests are programs that the compiler must accept, and reject where they say so. */
function checkTypes(): void {
  const { status, stdout, error } = spawnSync('tsc', ['-p', root], { encoding: 'utf8' });
  const count = globSync('{packages,shop}/**/*.types.test.ts', { cwd: root, exclude: ['**/node_modules/**'] }).length;
  if (status === 0) total.passed += count;
  else fail(error === undefined ? stdout : `tsc cannot be run: ${error.message}`);
}

function fail(text: string): void {
  total.failed += 1;
  process.stdout.write(`${text}\n`);
}

function filesOf(suite: string): string[] {
  const [pattern] = suites[suite] ?? [suite];
  const all = globSync(pattern ?? suite, { cwd: root, exclude: ['**/node_modules/**', 'tools/fixtures/**'] });
  const special = /\.(int|system|types|slow|soak|night)\.test\.ts$/;
  return (suite === 'unit' ? all.filter((file) => !special.test(file)) : all).sort().map((file) => resolve(root, file));
}

async function runFiles(suite: string, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  if (!files.some((file) => needsDatabase.test(file))) return runSuite(suite, files);
  await globalSetup();
  await runSuite(suite, files).finally(globalTeardown);
}

/** Whether a suite's files, or the one that is asked for, take minutes; the nightly ones together may take most of an hour. */
function isLong(suite: string): boolean {
  return /\b(soak|night)\b/.test(suite);
}

function runSuite(suite: string, files: readonly string[]): Promise<void> {
  process.stdout.write(`\n── ${suite}: ${files.length} files\n`);
  return new Promise((resolve) => {
    const events = run({
      files: [...files],
      cwd: root,
      // A file that hangs is a failure, not a wait.
      timeout: isLong(suite) ? 900_000 : 180_000,
      concurrency: suite === 'system' || isLong(suite) ? 1 : 2,
    });
    events.on('test:pass', ({ name, file, details, skip }) => {
      if (details.type === 'suite') return;
      // The runner takes a file without a test for one test that passed.
      if (name === file) fail(`there is no test in ${file}`);
      else if (skip === undefined || skip === false) total.passed += 1;
      else total.skipped += 1;
    });
    events.on('test:fail', ({ details }) => {
      if (details.type !== 'suite') total.failed += 1;
    });
    const times: [file: string, ms: number][] = [];
    events.on('test:summary', ({ file, duration_ms }) => {
      if (file !== undefined) times.push([file, duration_ms]);
    });
    events.on('end', () => {
      tellSlowest(times);
      resolve();
    });
    events.compose(new spec()).pipe(process.stdout, { end: false });
  });
}

/** Which files a suite waits for. */
function tellSlowest(times: readonly (readonly [file: string, ms: number])[]): void {
  const slowest = times.toSorted(([, a], [, b]) => b - a).slice(0, 20);
  const lines = slowest.map(([file, ms]) => `${(ms / 1_000).toFixed(1).padStart(6)} s  ${relative(root, file)}\n`);
  process.stdout.write(`\nThe slowest of ${times.length} files:\n${lines.join('')}`);
}
