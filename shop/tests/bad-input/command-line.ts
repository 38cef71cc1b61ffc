import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a command did. */
export interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** `dure` in a folder with broken systems. */
export interface CommandLine extends AsyncDisposable {
  run(argv: readonly string[]): Promise<Outcome>;
}

const program = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.bin', 'dure');
const systems: Readonly<Record<string, string>> = {
  broken: 'export const system = {',
  throws: "throw new RangeError('the moon is wrong');",
  nothing: 'export const answer = 42;',
};

/** Makes the folder. */
export async function commandLine(): Promise<CommandLine> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-bad-input-'));
  await mkdir(join(folder, 'empty'));
  for (const [name, text] of Object.entries(systems)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, name, 'system.ts'), text);
  }
  const environment = { PATH: process.env.PATH, LANG: 'C' };
  return {
    run: (argv) =>
      new Promise((resolve) => {
        execFile(process.execPath, [program, ...argv], { cwd: folder, env: environment }, (error, out, err) =>
          resolve({ exit: error === null ? 0 : Number(error.code), out, err }),
        );
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
