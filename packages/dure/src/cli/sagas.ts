import type { SagaHistoryEntry } from '@dure/saga';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { ManagementAnswer, ManagementSurvey } from '../supervisor/control-server.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { stateFolderOf } from './system-folder.ts';
import { alignColumns } from './text-width.ts';

const actions = ['retry', 'skip', 'undo', 'undone', 'pause', 'resume', 'extend', 'replace', 'migrate'] as const;
const verbs = ['list', 'show', 'counts', ...actions];

/** `dure sagas`: looks at the sagas of a running system, and helps those that cannot help themselves. */
export const sagas: Command = {
  spec: {
    name: 'sagas',
    positional: '[list|show|counts|retry|skip|undo|undone|pause|resume|extend|replace|migrate] [id]',
    repeats: true,
    options: {
      by: { value: '<name>', en: 'who does it', ko: '조치하는 사람' },
      why: { value: '<reason>', en: 'why; both stand in the history', ko: '이유. 둘 다 이력에 남습니다' },
      step: { value: '<step>', en: 'skip, undone, replace: which step', ko: 'skip, undone, replace: 대상 단계' },
      result: { value: '<json>', en: 'skip: what the step comes to', ko: 'skip: 단계의 결과' },
      evidence: { value: '<text>', en: 'undone: how you know', ko: 'undone: 그렇게 판단한 근거' },
      data: { value: '<json>', en: 'replace: what is sent instead', ko: 'replace: 대신 보낼 데이터' },
      ms: { value: '<n>', en: 'extend: by how many milliseconds', ko: 'extend: 늘릴 밀리초' },
      only: { value: '<state>', en: 'list: such as needs-operator', ko: 'list: 상태(예: needs-operator)' },
      saga: { value: '<name>', en: 'list: of this name', ko: 'list: 이 이름의 사가만' },
      key: { value: '<key>', en: 'list: with this key', ko: 'list: 이 키의 사가만' },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'list and show sagas; retry, skip, undo, pause, extend or migrate one',
    ko: '사가 목록과 상세 보기, 재시도·건너뛰기·되돌리기·일시 정지·기한 연장·버전 이전',
  },
  async run(line, { folder, terminal }) {
    const [verb = 'list', id] = line.positionals;
    const request = requestOf(verb, id, line);
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    const answers = await askSupervisor(stateFolder, request, 30_000);
    const json = line.switches.has('json');
    if (verb === 'list') terminal.out(json ? printed(sagasIn(answers)) : listed(answers));
    else if (verb === 'counts') terminal.out(printed(countsIn(answers)));
    else terminal.out(done(answers, verb, id ?? '', json));
    return exitCodes.ok;
  },
};

function requestOf(verb: string, id: string | undefined, { values }: CommandLine): ManagementSurvey {
  if (verb === 'list') {
    const filters = { state: values.get('only'), saga: values.get('saga'), key: values.get('key') };
    const query = Object.entries(filters).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    );
    return { ask: 'manage-each', method: 'GET', path: `sagas?${query.join('&')}` };
  }
  if (verb === 'counts') return { ask: 'manage-each', method: 'GET', path: 'sagas/open' };
  if (!verbs.includes(verb)) throw dureErrors.USAGE(`\`dure sagas\` can ${verbs.join(', ')}, but not "${verb}"`);
  if (id === undefined)
    throw dureErrors.USAGE(`\`dure sagas ${verb}\` needs to know which: \`dure sagas ${verb} <id>\``);
  const path = `sagas/${encodeURIComponent(id)}`;
  if (verb === 'show') return { ask: 'manage-each', method: 'GET', path };
  const [by, why, ms] = [values.get('by'), values.get('why'), values.get('ms')];
  if (by === undefined || why === undefined) {
    throw dureErrors.USAGE(`say who does it and why: \`dure sagas ${verb} ${id} --by <name> --why <reason>\``);
  }
  const body = {
    action: verb,
    by,
    why,
    step: values.get('step'),
    evidence: values.get('evidence'),
    result: jsonOf(values, 'result'),
    data: jsonOf(values, 'data'),
    byMs: ms === undefined ? undefined : Number(ms),
  };
  return { ask: 'manage-each', method: 'POST', path, body };
}

function jsonOf(values: ReadonlyMap<string, string>, option: string): unknown {
  const written = values.get(option);
  if (written === undefined) return undefined;
  try {
    return JSON.parse(written);
  } catch {
    throw dureErrors.USAGE(`\`--${option}\` is JSON, such as '{"a":1}', not ${written}`);
  }
}

interface Listed {
  readonly id: string;
  readonly saga: string;
  readonly key: string;
  readonly state: string;
  readonly problem?: string;
}

function sagasIn(answers: readonly ManagementAnswer[]): readonly (Listed & { readonly service: string })[] {
  return answers.flatMap((answer) => {
    const { sagas: found = [] } = demandOk(answer) as { readonly sagas?: readonly Listed[] };
    return found.map((one) => ({ service: answer.service, ...one }));
  });
}

function listed(answers: readonly ManagementAnswer[]): string {
  const rows = sagasIn(answers).map(({ service, id, saga, key, state, problem = '' }) => [
    id,
    `${service}.${saga}`,
    key,
    state,
    problem,
  ]);
  return `${alignColumns([['ID', 'SAGA', 'KEY', 'STATE', 'PROBLEM'], ...rows]).join('\n')}\n`;
}

/** What `dure check --sagas` reads. */
function countsIn(answers: readonly ManagementAnswer[]) {
  const services = answers.map((answer) => {
    const { open } = demandOk(answer) as { readonly open: unknown };
    return [answer.service, open] as const;
  });
  return { sagas: Object.fromEntries(services) };
}

function done(answers: readonly ManagementAnswer[], verb: string, id: string, json: boolean): string {
  const [answer] = answers;
  if (answer === undefined) throw dureErrors.USAGE(`no service of the system has a saga with the id "${id}"`);
  const body = demandOk(answer);
  if (verb === 'show')
    return json ? printed({ service: answer.service, ...(body as object) }) : shown(answer.service, body as Shown);
  return json ? printed({ service: answer.service, id, done: verb }) : `${verb}: ${id} (${answer.service})\n`;
}

interface Shown extends Listed {
  readonly version: number;
  readonly why?: unknown;
  readonly history: readonly SagaHistoryEntry[];
}

/** What happened to one, a line each; `--json` tells all that is known of it. */
function shown(service: string, { id, saga, key, state, version, problem, why, history }: Shown): string {
  const lines = history.map(({ at, what, step = '', direction = '', attempt, detail = '' }) => [
    ...[new Date(at).toISOString().slice(0, 23).replace('T', ' '), what, step],
    ...[direction === 'do' ? '' : direction, attempt === undefined || attempt === 1 ? '' : `×${attempt}`, detail],
  ]);
  return [
    `${service}.${saga} ${key}: ${state} (version ${version}, ${id})`,
    ...(problem === undefined ? [] : [problem]),
    ...(why === undefined ? [] : [JSON.stringify(why)]),
    ...alignColumns(lines),
    '',
  ].join('\n');
}

function demandOk({ service, status, body }: ManagementAnswer): unknown {
  if (status < 300) return body;
  const { detail = `status ${status}` } = (typeof body === 'object' && body !== null ? body : {}) as {
    detail?: string;
  };
  throw dureErrors.USAGE(`"${service}" refuses: ${detail}`);
}

function printed(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
