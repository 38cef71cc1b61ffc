import { join } from 'node:path';
import { wait } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { Command, CommandContext } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import type { LogEntry } from './log-entry.ts';
import { formatLogEntry } from './log-entry.ts';
import { LogTail, lastEntries, logFiles, processOf } from './log-tail.ts';
import { messages } from './messages.ts';
import { nearest } from './nearest.ts';
import { stateFolderOf } from './system-folder.ts';

const defaultLines = 100;
const mostLines = 100_000;
const pollMs = 150;

/** `dure logs`: what the processes printed, also when nothing runs any more. */
export const logs: Command = {
  spec: {
    name: 'logs',
    positional: '[service]',
    options: {
      follow: { short: 'f', en: 'go on as more is written', ko: '새로 쓰이는 줄을 계속 출력' },
      trace: {
        value: '<id>',
        en: 'only lines of this trace, of all services',
        ko: '모든 서비스에서 이 트레이스의 줄만',
      },
      lines: {
        value: '<n>',
        en: 'how many of the last lines (default: 100; with --trace: all)',
        ko: '마지막 몇 줄(기본값: 100, --trace와 함께면 전부)',
      },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'print what the processes have logged',
    ko: '프로세스 로그 출력',
  },
  async run(line, context) {
    const stateFolder = await stateFolderOf(context.folder, line.values.get('system'), line.values.get('state'));
    const folder = join(stateFolder, 'logs');
    const files = await logFiles(folder);
    if (files.length === 0) {
      context.terminal.err(`${messages[context.language].noLogs(folder)}\n`);
      return exitCodes.notRunning;
    }
    const chosen = chooseFiles(files, line.positional);
    const fits = filterOf(line, files.map(processOf));
    const print = printer(line, context);
    const tails = line.switches.has('follow') ? await Promise.all(chosen.map((path) => LogTail.atEnd(path))) : [];
    const found = await Promise.all(chosen.map((path) => lastEntries(path, limitOf(line), fits)));
    const entries = found.flat().sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    print(entries.slice(-limitOf(line)));
    if (tails.length > 0) await follow(tails, fits, print, context);
    else if (entries.length === 0) context.terminal.err(`${messages[context.language].noMatch}\n`);
    return exitCodes.ok;
  },
};

async function follow(
  tails: readonly LogTail[],
  fits: (entry: LogEntry) => boolean,
  print: (entries: readonly LogEntry[]) => void,
  { clock, interrupted }: CommandContext,
): Promise<void> {
  do {
    const added = (await Promise.all(tails.map((tail) => tail.next()))).flat();
    print(added.filter(fits).sort((a, b) => (a.at ?? 0) - (b.at ?? 0)));
  } while (await wait(clock, pollMs, interrupted));
  await Promise.all(tails.map((tail) => tail.close()));
}

/** The logs of a service's processes, or of the one that is named, or, when everything ran in one, that process's. */
function chooseFiles(files: readonly string[], service: string | undefined): readonly string[] {
  if (service === undefined) return files;
  const processes = files.map(processOf);
  const own = files.filter((path) => {
    const process = processOf(path);
    return process === service || serviceOf(process, processes) === service;
  });
  const all = files.filter((path) => processOf(path) === 'all');
  if (own.length + all.length > 0) return [...own, ...all];
  const names = files.map(processOf);
  const meant = nearest(service, names);
  throw dureErrors.SERVICE_UNKNOWN(
    `there is no log of "${service}"; ${meant === undefined ? `there are logs of ${names.join(', ')}` : `did you mean "${meant}"?`}`,
    { details: { service, meant } },
  );
}

function filterOf({ positional, values }: CommandLine, processes: readonly string[]): (entry: LogEntry) => boolean {
  const trace = values.get('trace');
  const service = positional === undefined ? undefined : serviceOf(positional, processes);
  return (entry) =>
    (trace === undefined || entry.traceId === trace) &&
    (service === undefined || serviceOf(entry.service, processes) === service);
}

/** The service of a process such as `order-2`, which stands beside `order`. */
function serviceOf(process: string, processes: readonly string[]): string {
  const [, service = process] = /^(.+)-\d+$/.exec(process) ?? [];
  return processes.includes(service) ? service : process;
}

function limitOf({ values }: CommandLine): number {
  const written = values.get('lines');
  if (written === undefined) return values.has('trace') ? mostLines : defaultLines;
  const lines = Number(written);
  if (Number.isInteger(lines) && lines >= 0 && lines <= mostLines) return lines;
  throw dureErrors.USAGE(`\`--lines\` is a whole number from 0 to ${mostLines}, not "${written}"`);
}

function printer({ switches }: CommandLine, { terminal }: CommandContext): (entries: readonly LogEntry[]) => void {
  const asJson = ({ service, line, fields }: LogEntry) =>
    fields === undefined ? JSON.stringify({ service, msg: line }) : line;
  const text = (entry: LogEntry) => (switches.has('json') ? asJson(entry) : formatLogEntry(entry, terminal));
  return (entries) => {
    if (entries.length > 0) terminal.out(entries.map((entry) => `${text(entry)}\n`).join(''));
  };
}
