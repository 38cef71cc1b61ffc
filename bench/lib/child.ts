import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A peer in a process of its own, which has sent its first message. */
export interface Child {
  readonly hello: Readonly<Record<string, number>>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A program, and who hears all its messages but the first. */
export interface Talker {
  readonly path: string;
  readonly heard: (message: Readonly<Record<string, number>>) => void;
}

/** Starts a program and waits for its first message, such as `{ port }`. */
export async function startChild(program: string | Talker, ...args: readonly string[]): Promise<Child> {
  const { path, heard = () => {} } = typeof program === 'string' ? { path: program } : program;
  const child: ChildProcess = fork(path, [...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [hello] = (await once(child, 'message')) as [Readonly<Record<string, number>>];
  child.on('message', heard);
  return {
    hello,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
