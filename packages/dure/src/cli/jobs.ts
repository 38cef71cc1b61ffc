import { codeOf } from '@dure/core';
import type { JobRun } from '@dure/jobs';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns, timeOf } from './text-width.ts';

/** What a service answers of its jobs. */
interface ServiceJobs {
  readonly service: string;
  readonly jobs: readonly { readonly job: string; readonly next?: number }[];
  readonly runs: readonly JobRun[];
}

/** `dure jobs`: the jobs of one service or of all, when they run next, and their latest runs. */
export const jobs: Command = {
  spec: {
    name: 'jobs',
    positional: '[service]',
    options: { ...systemOption, ...stateOption, ...commonOptions },
    en: 'show the jobs of the services, when they run next, and their latest runs',
    ko: '서비스의 작업과 다음 실행 시각, 최근 실행 표시',
  },
  async run({ positional, values, switches }, { folder, terminal, language }) {
    const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
    const found: ServiceJobs[] = [];
    for (const service of positional === undefined ? await servicesOf(stateFolder) : [positional]) {
      const answer = await jobsOf(stateFolder, service);
      if (answer !== undefined) found.push(answer);
    }
    terminal.out(switches.has('json') ? `${JSON.stringify(found)}\n` : table(found, language));
    return exitCodes.ok;
  },
};

async function servicesOf(stateFolder: string): Promise<readonly string[]> {
  const { components } = await askSupervisor(stateFolder, { ask: 'status' });
  return [...new Set(components.flatMap(({ services }) => services.map(({ name }) => name)))];
}

/** Undefined for a service without jobs. */
async function jobsOf(stateFolder: string, service: string): Promise<ServiceJobs | undefined> {
  try {
    const answer = await askSupervisor(stateFolder, { ask: 'manage', service, method: 'GET', path: 'jobs' });
    return { ...(answer as Omit<ServiceJobs, 'service'>), service };
  } catch (error) {
    if (codeOf(error) === 'SERVICE_NOT_FOUND') return undefined;
    throw error;
  }
}

function table(found: readonly ServiceJobs[], language: Language): string {
  const { jobColumns, noJobs, bySchedule } = messages[language];
  const rows = found.flatMap(({ service, jobs: known, runs }) => [
    ...known.flatMap(({ job, next }) =>
      next === undefined ? [] : [[`${service}.${job}`, '–', '–', timeOf(next), '–', bySchedule, '']],
    ),
    ...runs.map(({ job, id, state, at, chunks, by, error }) => [
      `${service}.${job}`,
      id,
      state,
      timeOf(at),
      String(chunks),
      by ?? bySchedule,
      error ?? '',
    ]),
  ]);
  const names = found.flatMap(({ service, jobs: known }) => known.map(({ job }) => `${service}.${job}`));
  if (names.length === 0) return `${noJobs}\n`;
  return `${[names.join(' '), '', ...alignColumns([jobColumns, ...rows])].join('\n')}\n`;
}
