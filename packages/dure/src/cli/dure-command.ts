import { isDureError } from '@dure/core';
import { add } from './add.ts';
import { canary } from './canary.ts';
import { chaos } from './chaos.ts';
import { check } from './check.ts';
import type { Command, CommandContext } from './command.ts';
import { findCommand, readCommandLine } from './command-line.ts';
import { config } from './config.ts';
import { docs } from './docs.ts';
import { down } from './down.ts';
import { errorLines } from './error-text.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { explain } from './explain.ts';
import { flags } from './flags.ts';
import { flow } from './flow.ts';
import { commandHelp, generalHelp } from './help.ts';
import { jobs } from './jobs.ts';
import { logs } from './logs.ts';
import { parked } from './parked.ts';
import { pause, resume } from './pause.ts';
import { prove } from './prove.ts';
import { rebuild } from './rebuild.ts';
import { replay } from './replay.ts';
import { restart } from './restart.ts';
import { run } from './run.ts';
import { sagas } from './sagas.ts';
import { scale } from './scale.ts';
import { status } from './status.ts';
import { paint } from './terminal.ts';
import { up } from './up.ts';
import { verify } from './verify.ts';

const commands: readonly Command[] = [
  up,
  down,
  status,
  logs,
  scale,
  restart,
  canary,
  config,
  flags,
  explain,
  run,
  jobs,
  sagas,
  verify,
  prove,
  check,
  flow,
  docs,
  chaos,
  add,
  parked,
  replay,
  rebuild,
  pause,
  resume,
];

/** Runs one command line; resolves with the exit status. Says what went wrong in two lines, without a stack unless `--verbose`. */
export async function dureCommand(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = argv;
  const specs = commands.map(({ spec }) => spec);
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      const about = name === 'help' ? rest[0] : undefined;
      context.terminal.out(
        about === undefined
          ? generalHelp(specs, context.language)
          : commandHelp(findCommand(commands, about).spec, context.language),
      );
      return name === undefined ? exitCodes.usage : exitCodes.ok;
    }
    const command = findCommand(commands, name);
    if (rest.includes('--help') || rest.includes('-h')) {
      context.terminal.out(commandHelp(command.spec, context.language));
      return exitCodes.ok;
    }
    return await command.run(readCommandLine(command.spec, rest), context);
  } catch (error) {
    return report(error, argv, context);
  }
}

function report(error: unknown, argv: readonly string[], { terminal, language }: CommandContext): number {
  const verbose = argv.includes('--verbose');
  if (!isDureError(error)) {
    terminal.err(
      `${paint(terminal, 'red', 'dure:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return exitCodes.unexpected;
  }
  const exitCode = exitCodeOf(error);
  if (exitCode === exitCodes.ok) return exitCode;
  const { message, fix } = errorLines(error, language);
  if (argv.includes('--json')) {
    const { code, details } = error;
    terminal.out(`${JSON.stringify({ event: 'failed', code, message, fix, details })}\n`);
    return exitCode;
  }
  terminal.err(`${paint(terminal, 'red', 'dure:')} ${message} [${error.code}]\n`);
  if (fix !== undefined) terminal.err(`      ${fix}\n`);
  if (verbose) terminal.err(`${stackOf(error)}\n`);
  return exitCode;
}

function stackOf(error: Error): string {
  const { cause, stack = '' } = error;
  return cause instanceof Error ? `${stack}\ncaused by ${stackOf(cause)}` : stack;
}
