import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock, systemRandom } from '@dure/core';
import { hostModule } from '../supervisor/host-module.ts';
import { dureCommand } from './dure-command.ts';
import { languageOf } from './terminal.ts';

/** npm passes on the Ctrl-C that we have already got from the terminal; within this time it is one. */
const sameInterruptMs = 500;

const { env, stdout, stderr } = process;
const interrupted = new AbortController();
const insisted = new AbortController();
let interruptedAt = 0;

function interrupt(): void {
  const now = systemClock.monotonicMs();
  if (!interrupted.signal.aborted) {
    interruptedAt = now;
    interrupted.abort();
  } else if (now - interruptedAt > sameInterruptMs) {
    insisted.abort();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// The launcher that started us on this Node.js has gone.
if (process.channel !== undefined) {
  process.once('disconnect', interrupt);
  process.channel?.unref();
}
// Whoever read our output has gone; what runs goes on until it is stopped.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined);

const isInteractive = stdout.isTTY === true && env.TERM !== 'dumb' && env.CI === undefined;
const exitCode = await dureCommand(process.argv.slice(2), {
  terminal: {
    out: (text) => print(1, text),
    err: (text) => print(2, text),
    isInteractive,
    hasColour: isInteractive && (env.NO_COLOR ?? '') === '',
    columns: stdout.columns || 80,
  },
  language: languageOf(env.LC_ALL || env.LC_MESSAGES || env.LANG),
  folder: process.cwd(),
  host: {
    module: hostModule,
    path: env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    configuration: configurationIn(env),
    ...(env.NODE_EXTRA_CA_CERTS ? { authorities: resolve(env.NODE_EXTRA_CA_CERTS) } : {}),
  },
  ...(env.DURE_DATABASE_URL ? { databaseUrl: env.DURE_DATABASE_URL } : {}),
  clock: systemClock,
  random: systemRandom,
  readInput,
  interrupted: interrupted.signal,
  insisted: insisted.signal,
});
process.exit(exitCode);

async function readInput(): Promise<string> {
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) text += part;
  return text;
}

/** The variables that set a service's configuration: `DURE_<SERVICE>__<KEY>`. */
function configurationIn(variables: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const named = Object.entries(variables).filter(([name]) => /^DURE_[A-Z0-9_]+?__[A-Z0-9_]+$/.test(name));
  return Object.fromEntries(named.map(([name, value]) => [name, value ?? '']));
}

/** Writes at once, so that nothing is lost when the process ends; a reader who has gone or is slow loses lines. */
function print(descriptor: 1 | 2, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    (descriptor === 1 ? stdout : stderr).write(text);
  }
}
