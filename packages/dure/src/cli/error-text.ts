import type { DureError, ErrorDetails } from '@dure/core';
import { errorEntry } from '@dure/core';
import type { Language } from './terminal.ts';

/** An error as a person reads it. */
export interface ErrorLines {
  readonly message: string;
  readonly fix: string | undefined;
}

/** Says what happened and what to do next, in the given language. */
export function errorLines(error: DureError, language: Language): ErrorLines {
  const { code, message, details } = error;
  const { causeCode, causeFix } = details;
  const entry = (typeof causeCode === 'string' ? errorEntry(causeCode) : undefined) ?? errorEntry(code);
  const fix = language === 'en' && typeof causeFix === 'string' ? causeFix : entry?.[language].fix;
  if (language === 'en') return { message, fix };
  const korean = koreanMessages[code]?.(details);
  return { message: korean ?? (entry === undefined ? message : `${entry.ko.title}: ${message}`), fix };
}

const singleReasons: Readonly<Record<string, string>> = {
  port: '모두가 아는 포트를 쓰고 있습니다',
  composed: '게이트웨이의 일부입니다. "gateway"를 재시작하거나 조정하면 함께 바뀝니다',
  placement: '모든 서비스가 한 프로세스에서 실행됩니다(`--placement one`)',
};

/** Korean wording of the messages whose parts are in the details. */
const koreanMessages: Readonly<Record<string, (details: ErrorDetails) => string | undefined>> = {
  DURE_PORT_BUSY: ({ component, port, pid, command }) =>
    pid === undefined
      ? `${component}의 포트 ${port}을(를) 다른 프로세스가 쓰고 있습니다`
      : `${component}의 포트 ${port}을(를) 프로세스 ${pid}(${command})이(가) 쓰고 있습니다`,
  DURE_PORT_FORBIDDEN: ({ component, port }) => `${component}의 포트 ${port}을(를) 열 권한이 없습니다`,
  DURE_ALREADY_RUNNING: ({ folder, pid }) => `${folder}에서 이미 시스템이 실행 중입니다(프로세스 ${pid})`,
  DURE_NOT_RUNNING: ({ folder }) => (folder === undefined ? undefined : `${folder}에서 실행 중인 시스템이 없습니다`),
  DURE_SYSTEM_NOT_FOUND: ({ folder }) =>
    folder === undefined ? undefined : `${folder}에서 시스템(system.ts)을 찾을 수 없습니다`,
  DURE_PROCESS_FAILED: ({ process, reason }) => `"${process}" 프로세스가 시작되지 않았습니다: ${reason}`,
  DURE_SERVICE_UNKNOWN: ({ service, services }) =>
    Array.isArray(services)
      ? `시스템에 "${service}" 서비스가 없습니다. 있는 서비스: ${services.join(', ')}`
      : undefined,
  DURE_SINGLE_PROCESS: ({ service, reason }) =>
    `"${service}"에는 언제나 프로세스가 하나만 있습니다: ${singleReasons[String(reason)] ?? String(reason)}`,
  DURE_START_TIMEOUT: ({ what, timeoutMs, missing }) =>
    `${what === undefined ? '시스템이' : `${what} 프로세스가`} ${Number(timeoutMs) / 1_000}초 안에 준비되지 않았습니다: ${Array.isArray(missing) ? missing.join('; ') : missing}`,
};
