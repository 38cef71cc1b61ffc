import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import type { LogFile } from '@dure/telemetry';
import type { ChildMessage } from './child-message.ts';
import { readChildMessage } from './child-message.ts';
import type { Exit } from './crash-reason.ts';
import { lastWords } from './crash-reason.ts';
import { wholeLines } from './output-lines.ts';

/** How a program is run. Nothing of our own environment is passed on. */
export interface Program {
  readonly file: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** What it is told over IPC before anything else, each time that it starts. */
  readonly greetings?: () => readonly Greeting[];
}

/** Something that is said to a program; `socket` goes with it. */
export interface Greeting {
  readonly message: object;
  readonly socket: Server;
}

/** A program that runs, once. */
export interface RunningChild {
  /** Undefined when it could not even be started; `ended` then tells why. */
  readonly pid: number | undefined;
  readonly ended: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Says something to it over IPC; lost when it does not listen any more. */
  send(message: object): void;
}

/** Output that is still on its way when a process has ended is waited for this long, in milliseconds. */
const drainMs = 200;

/**
 * Starts a program in a session of its own, so that Ctrl-C in the terminal reaches the supervisor only. What it prints
 * goes to `log`; what it says over IPC to `hear`.
 */
export function runChild(
  program: Program,
  log: LogFile,
  clock: Clock,
  hear: (message: ChildMessage) => void,
): RunningChild {
  const child = spawn(program.file, program.parameters, {
    cwd: program.folder,
    env: { ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const words = lastWords();
  const pump = async (stream: Readable, name: 'stdout' | 'stderr'): Promise<void> => {
    for await (const lines of wholeLines(stream)) {
      words.hear(lines, name);
      await log.write(lines);
    }
  };
  const output = Promise.allSettled([pump(child.stdout, 'stdout'), pump(child.stderr, 'stderr')]);
  child.on('message', (value) => {
    const message = readChildMessage(value);
    if (message !== undefined) hear(message);
  });
  const ended = new Promise<Exit>((resolve) => {
    const end = async (code: number | null, signal: string | null, fault?: string): Promise<void> => {
      await Promise.race([output, wait(clock, drainMs)]);
      resolve({ code, signal, lastError: fault ?? words.reason });
    };
    child.once('error', (error) => void end(null, null, error.message));
    child.once('exit', (code, signal) => void end(code, signal));
  });
  if (child.pid !== undefined)
    for (const { message, socket } of program.greetings?.() ?? []) child.send(message, socket, {}, () => undefined);
  return {
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
    send: (message) => void (child.connected && child.send(message, () => undefined)),
  };
}
