import type { CommandSpec } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';

const texts = {
  en: {
    usage: 'Usage',
    tagline: 'Dure runs microservice systems written in TypeScript.',
    commands: 'Commands',
    options: 'Options',
    more: '`dure <command> --help` tells more about one command.',
    statuses: 'Exit status',
  },
  ko: {
    usage: '사용법',
    tagline: 'Dure(두레)는 TypeScript로 쓴 마이크로서비스 시스템을 실행합니다.',
    commands: '명령',
    options: '옵션',
    more: '`dure <명령> --help`로 명령별 설명을 볼 수 있습니다.',
    statuses: '종료 코드',
  },
} as const;

const meanings: Readonly<Record<keyof typeof exitCodes, Readonly<Record<Language, string>>>> = {
  ok: { en: 'done', ko: '정상' },
  unexpected: { en: 'an unforeseen failure', ko: '예상하지 못한 오류' },
  usage: { en: 'the command line is not understood', ko: '명령을 이해할 수 없음' },
  system: {
    en: 'the system is not found, does not load or contradicts itself',
    ko: '시스템이 없거나, 불러올 수 없거나, 모순됨',
  },
  start: { en: 'a process did not start or did not become ready', ko: '프로세스가 시작되지 않거나 준비되지 않음' },
  port: { en: 'a port is in use or forbidden', ko: '포트가 사용 중이거나 열 권한이 없음' },
  alreadyRunning: { en: 'the system is running already', ko: '시스템이 이미 실행 중' },
  notRunning: { en: 'the system is not running or does not answer', ko: '시스템이 실행 중이 아니거나 응답하지 않음' },
  database: { en: 'the database or a migration failed', ko: '데이터베이스나 마이그레이션 실패' },
  invariant: { en: 'an invariant does not hold', ko: '불변식이 깨짐' },
  notReady: { en: 'status: the system runs but is not ready', ko: 'status: 실행 중이지만 준비되지 않음' },
  state: { en: 'the state folder cannot be used', ko: '상태 폴더를 쓸 수 없음' },
  platform: { en: 'a program is missing for this platform', ko: '이 플랫폼에 필요한 프로그램이 없음' },
  job: { en: 'run: the job failed or was stopped', ko: 'run: 작업이 실패했거나 중지됨' },
  killed: {
    en: 'interrupted twice: everything was killed; prove: interrupted',
    ko: '두 번 중단: 모두 즉시 종료. prove: 중단됨',
  },
};

/** What the command is and which sub-commands it has. */
export function generalHelp(commands: readonly CommandSpec[], language: Language): string {
  const text = texts[language];
  return page([
    text.tagline,
    '',
    `${text.usage}: dure <command> [options]`,
    '',
    `${text.commands}:`,
    ...indent(alignColumns(commands.map((command) => [usageOf(command), command[language]]))),
    '',
    `${text.statuses}:`,
    ...indent(
      alignColumns(
        Object.entries(exitCodes).map(([name, code]) => [
          String(code),
          meanings[name as keyof typeof exitCodes][language],
        ]),
      ),
    ),
    '',
    text.more,
  ]);
}

/** What one command takes. */
export function commandHelp(command: CommandSpec, language: Language): string {
  const text = texts[language];
  const rows = Object.entries(command.options).map(([name, option]) => [
    `${option.short === undefined ? '' : `-${option.short}, `}--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option[language],
  ]);
  return page([
    `${text.usage}: dure ${usageOf(command)} [options]`,
    '',
    command[language],
    '',
    `${text.options}:`,
    ...indent(alignColumns(rows)),
  ]);
}

function usageOf({ name, positional }: CommandSpec): string {
  return positional === undefined ? name : `${name} ${positional}`;
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
