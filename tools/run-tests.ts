import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { EventData } from 'node:test';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
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

/** Files that may share a process, by suite. */
const sharing: Readonly<Record<string, RegExp>> = { unit: /./, int: /\/packages\/(proxy|service|config)\// };
const hooks = /^(before|beforeEach|after|afterEach)\(/m;

/** These get one database cluster for all their files. */
const needsDatabase = /\.(int|slow|soak|night)\.test\.ts$/;

/** What the tests of a run share: compiled sources, and the modules that start several of them. */
const cache = join(root, 'node_modules/.cache/dure/tests');
process.env.NODE_COMPILE_CACHE ??= join(cache, 'compiled');

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, said once more at the end: a run prints more than its reader scrolls back. */
const failures: string[] = [];
for (const suite of wanted.length > 0 ? wanted : everyday) {
  const { passed, failed } = total;
  if (suite === 'types') checkTypes();
  else await runFiles(suite, filesOf(suite));
  // What ran nothing has proved nothing.
  if (total.passed === passed && total.failed === failed) fail(`the suite ${suite} ran no test`);
}
if (failures.length > 0) process.stdout.write(`\nWhat failed:\n${failures.join('\n')}\n`);
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
  failures.push(`✖ ${text}`);
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
  const longestMs = isLong(suite) ? 900_000 + Number(process.env.MINUTES ?? 0) * 60_000 : 180_000;
  return new Promise((resolve) => {
    // A test that hangs is a failure, and so is a file that does not end behind its last test; nobody waits for either.
    const hung = new AbortController();
    const watch = setTimeout(() => hung.abort(), longestMs + 20_000);
    const together = files.filter((file) => sharesProcess(suite, file));
    const alone = files.filter((file) => !together.includes(file));
    const events = run({
      files: [...modules(suite, together), ...alone],
      cwd: root,
      timeout: longestMs,
      signal: hung.signal,
      concurrency: suite === 'system' || isLong(suite) ? 1 : 2,
    });
    const times = new Map(files.map((file) => [file, 0]));
    const empty = new Set(together);
    const note = ({ file = '', details, nesting }: TestEvent) => {
      watch.refresh();
      empty.delete(file);
      if (nesting === 0) times.set(file, (times.get(file) ?? 0) + details.duration_ms);
    };
    events.on('test:pass', (event) => {
      const { name, file, details, skip } = event;
      // The runner takes a file without a test for one test that passed.
      if (name === file) fail(`there is no test in ${file}`);
      if (name === file) return;
      note(event);
      if (details.type === 'suite') return;
      if (skip === undefined || skip === false) total.passed += 1;
      else total.skipped += 1;
    });
    events.on('test:fail', (event) => {
      note(event);
      if (event.details.type === 'suite') return;
      total.failed += 1;
      failures.push(failureOf(event));
    });
    events.on('end', () => {
      clearTimeout(watch);
      for (const file of empty) if (!callsContract(file)) fail(`there is no test in ${file}`);
      tellSlowest([...times]);
      resolve();
    });
    events.compose(new spec()).pipe(process.stdout, { end: false });
  });
}

/** A failed test's name, its place and what it found. */
function failureOf({ name, file = '', line = 0, details }: EventData.TestFail): string {
  const reason = inspect(details.error.cause, { depth: 4 }).slice(0, 3_000);
  return `✖ ${name}\n  ${relative(root, file)}:${line}\n${reason.replaceAll(/^/gm, '  ')}`;
}

type TestEvent = Pick<EventData.TestPass | EventData.TestFail, 'file' | 'nesting'> & {
  readonly details: { readonly duration_ms: number };
};

/** Whether a file's tests are those of a contract, which belong to the contract's own file. */
function callsContract(file: string): boolean {
  return /\w+Contract[<(]/.test(readFileSync(file, 'utf8'));
}

/**
 * Starting a process takes longer than most unit tests and many of the others, so that several files share one. A file with hooks for all its tests has
 * a process to itself, for they would be hooks for those of its neighbours as well.
 */
function sharesProcess(suite: string, file: string): boolean {
  return sharing[suite]?.test(file) === true && !hooks.test(readFileSync(file, 'utf8'));
}

/** Writes modules that import several files each. */
function modules(suite: string, files: readonly string[]): string[] {
  const count = Math.ceil(files.length / (suite === 'unit' ? 12 : 5));
  mkdirSync(cache, { recursive: true });
  return Array.from({ length: count }, (_, group) => {
    const path = join(cache, `${suite}-${group + 1}.mjs`);
    const mine = files.filter((_file, index) => index % count === group);
    writeFileSync(path, mine.map((file) => `import '${pathToFileURL(file).href}';\n`).join(''));
    return path;
  });
}

/** Which files a suite waits for. */
function tellSlowest(times: readonly (readonly [file: string, ms: number])[]): void {
  const slowest = times.toSorted(([, a], [, b]) => b - a).slice(0, 20);
  const lines = slowest.map(([file, ms]) => `${(ms / 1_000).toFixed(1).padStart(6)} s  ${relative(root, file)}\n`);
  process.stdout.write(`\nThe slowest of ${times.length} files:\n${lines.join('')}`);
}
