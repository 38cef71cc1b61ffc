import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Spring's own encryption, compiled, to be asked. */
export interface SpringCipher extends AsyncDisposable {
  /** Each answer is what Spring made of the question: its value, or the error it threw. */
  ask(questions: readonly SpringQuestion[]): Promise<readonly SpringAnswer[]>;
}

export interface SpringQuestion {
  readonly ask: 'encrypt' | 'decrypt' | 'public-key' | 'form' | 'prefix' | 'environment';
  readonly [field: string]: unknown;
}

export interface SpringAnswer {
  readonly value?: unknown;
  readonly error?: string;
}

const run = promisify(execFile);

/** How Maven says that a package, or its repository, cannot be reached. */
const unresolvable =
  /non-resolvable|no plugin found|could not (be )?(resolved?|transfer|find)|cannot access|offline mode/i;

/** Compiles the program of `jvm/spring-cipher`; a string is the reason why it cannot be had here. */
export async function springCipher(): Promise<SpringCipher | string> {
  for (const [command, option] of [['javac', '-version'] as const, ['mvn', '-v'] as const]) {
    const why = await run(command, [option]).then(
      () => undefined,
      () => `there is no ${command} here`,
    );
    if (why !== undefined) return why;
  }
  const folder = await mkdtemp(join(tmpdir(), 'dure-spring-cipher-'));
  await cp(join(import.meta.dirname, 'jvm', 'spring-cipher'), folder, { recursive: true });
  const goals = ['-q', '-B', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
  try {
    await run('mvn', goals, { cwd: folder, timeout: 400_000 });
  } catch (error) {
    await rm(folder, { recursive: true });
    const { stdout = '' } = error as { readonly stdout?: string };
    const unresolved = stdout.split('\n').find((line) => unresolvable.test(line));
    if (unresolved === undefined) throw error;
    return `the packages cannot be had: ${unresolved.slice(0, 300)}`;
  }
  return {
    ask: (questions) => ask(folder, questions),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

async function ask(folder: string, questions: readonly SpringQuestion[]): Promise<readonly SpringAnswer[]> {
  const command = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', 'target/classes:lib/*', 'dure.SpringCipher'];
  const child = spawn('java', command, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) said += text;
  const lines = said.split('\n').filter((line) => line.startsWith('> '));
  return lines.map((line) => JSON.parse(line.slice(2)) as SpringAnswer);
}
