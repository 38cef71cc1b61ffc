import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A program that runs in a JVM and is told by lines what to do. */
export interface JvmProgram extends AsyncDisposable {
  /** The rest of the line by which it said that it is ready. */
  readonly ready: string;
  ask(command: string): Promise<string>;
  /** Ends it properly: it deregisters. */
  end(): Promise<void>;
}

const run = promisify(execFile);
const buildMs = 400_000;

/** How Maven says that a package, or its repository, cannot be reached. */
const unresolvable =
  /non-resolvable|no plugin found|could not (be )?(resolved?|transfer|find)|cannot access|offline mode/i;

/** Why no JVM program can be built here, undefined when one can. */
export async function whyNoJvm(): Promise<string | undefined> {
  for (const [command, option] of [['javac', '-version'] as const, ['mvn', '-v'] as const]) {
    const isThere = await run(command, [option]).then(
      () => true,
      () => false,
    );
    if (!isThere) return `there is no ${command} here`;
  }
  return undefined;
}

/**
 * Compiles the Maven project of a folder in a new folder, with the packages that Maven has or fetches. A string is the
 * reason why they cannot be had; that our own source does not compile is an error.
 */
export async function buildJvm(
  project: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<string | { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), `dure-${basename(project)}-`));
  await cp(project, folder, { recursive: true });
  await mkdir(join(folder, 'lib'));
  const given = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const goals = ['-q', '-B', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib', ...given];
  try {
    await run('mvn', goals, { cwd: folder, timeout: buildMs });
    return { folder };
  } catch (error) {
    await rm(folder, { recursive: true });
    const { stdout = '' } = error as { readonly stdout?: string };
    const unresolved = stdout.split('\n').find((line) => unresolvable.test(line));
    if (unresolved === undefined) throw error;
    return `the packages cannot be had: ${unresolved.slice(0, 300)}`;
  }
}

/** Starts a program that was built, and waits until it says that it is ready. */
export async function startJvm(folder: string, main: string, ...more: readonly string[]): Promise<JvmProgram> {
  const options = more.filter((option) => option.startsWith('-D'));
  const words = more.filter((option) => !option.startsWith('-D'));
  const command = ['-Xmx256m', '-XX:TieredStopAtLevel=1', ...options, '-cp', 'target/classes:lib/*', main, ...words];
  const child = spawn('java', command, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-4_000);
  });
  const answer = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(done !== true, `${main} has ended:\n${said}`);
      if (value.startsWith('> ')) return value.slice(2);
      said = `${said}${value}\n`.slice(-4_000);
    }
  };
  return {
    ready: await answer(),
    ask(command) {
      child.stdin.write(`${command}\n`);
      return answer();
    },
    async end() {
      child.stdin.end();
      assert.deepEqual(await exited, [0, null], `${main} ended with an error:\n${said}`);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}
