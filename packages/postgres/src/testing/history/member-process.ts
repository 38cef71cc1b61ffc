import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process of its own, with another in its place as soon as it has ended. */
export interface MemberProcess extends AsyncDisposable {
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void;
}

const idLength = 36;

/** Starts a module beside this one; `tell` hears of the ids that it writes, one a line. */
export function memberProcess(
  module: `${string}.main.ts`,
  args: readonly string[],
  tell: (id: string) => void,
): MemberProcess {
  let child: ChildProcess;
  let isOver = false;
  const over = Promise.withResolvers<void>();
  const start = () => {
    const path = join(import.meta.dirname, module);
    const started = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    createInterface(started.stdout).on('line', (line) => {
      if (line.length === idLength) tell(line); // Whoever is killed may be in the middle of a word.
    });
    started.on('exit', () => {
      if (isOver) over.resolve();
      else start();
    });
  };
  start();
  return {
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      isOver = true;
      child.kill('SIGKILL');
      await over.promise;
    },
  };
}
