import type { Clock, Random } from '@dure/core';
import type { HostProgram } from '../supervisor/process-group.ts';
import type { CommandLine, CommandSpec, OptionSpec } from './command-line.ts';
import type { Language, Terminal } from './terminal.ts';

/** What a command is given by `main.ts`, the only place that touches the process. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly language: Language;
  /** Where the command was called. */
  readonly folder: string;
  /** How the processes of a system are run. */
  readonly host: HostProgram;
  /** The server that `DURE_DATABASE_URL` names, for what is done on a database server of one's own. A secret. */
  readonly databaseUrl?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Reads to its end what is given by standard input. Default: nothing is. */
  readonly readInput?: () => Promise<string>;
  /** Aborts when somebody asks us to end. */
  readonly interrupted: AbortSignal;
  /** Aborts when somebody insists. */
  readonly insisted: AbortSignal;
}

/** A command: what it takes, and what it does. Resolves with the exit status. */
export interface Command {
  readonly spec: CommandSpec;
  readonly run: (line: CommandLine, context: CommandContext) => Promise<number>;
}

/** The options that every command has. */
export const commonOptions = {
  json: { en: 'print JSON', ko: 'JSON으로 출력' },
  help: { short: 'h', en: 'show this help', ko: '도움말 보기' },
} satisfies Readonly<Record<string, OptionSpec>>;

/** The option by which a state folder is named. */
export const stateOption = {
  state: {
    value: '<folder>',
    en: 'where the run keeps its state (default: .dure in the system’s folder)',
    ko: '상태 폴더(기본값: 시스템 폴더의 .dure)',
  },
} satisfies Readonly<Record<string, OptionSpec>>;

/** The option by which a command that is about a service is told of which system. */
export const systemOption = {
  system: { value: '<folder>', en: 'the folder of the system', ko: '시스템 폴더' },
} satisfies Readonly<Record<string, OptionSpec>>;
