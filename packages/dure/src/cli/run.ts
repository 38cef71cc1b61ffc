import { userInfo } from 'node:os';
import { wait } from '@dure/core';
import type { JobRun } from '@dure/jobs';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';

const pollMs = 200;
const ended: ReadonlySet<JobRun['state']> = new Set(['done', 'failed', 'stopped']);

/** `dure run`: runs a job of a service once, now, in the service's own process, and waits for its end. */
export const run: Command = {
  spec: {
    name: 'run',
    positional: '<service>.<job> [name=value …]',
    repeats: true,
    options: { ...systemOption, ...stateOption, ...commonOptions },
    en: 'run a job of a service once, now, and wait for its end',
    ko: '서비스의 작업을 지금 한 번 실행하고 끝날 때까지 대기',
  },
  async run({ positionals, values, switches }, { folder, terminal, language, clock, interrupted }) {
    const { service, job, args } = asked(positionals);
    const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
    const manage = async (method: 'GET' | 'POST', path: string, body?: unknown) =>
      (await askSupervisor(stateFolder, { ask: 'manage', service, method, path, body })) as JobRun;
    let current = await manage('POST', `jobs/${job}`, { by: userInfo().username, args });
    while (!ended.has(current.state)) {
      if (!(await wait(clock, pollMs, interrupted))) {
        terminal.err(`${messages[language].jobGoesOn(current.id)}\n`);
        return exitCodes.ok;
      }
      current = await manage('GET', `jobs/${current.id}`);
    }
    terminal.out(switches.has('json') ? `${JSON.stringify(current)}\n` : text(`${service}.${job}`, current, language));
    return current.state === 'done' ? exitCodes.ok : exitCodes.job;
  },
};

/** Reads `order.rebuild before=2026-01-01 limit=5`; a value that is JSON is meant as such. */
function asked([target = '', ...given]: readonly string[]) {
  const [, service, job] = /^([^.]+)\.(.+)$/.exec(target) ?? [];
  if (service === undefined || job === undefined)
    throw dureErrors.USAGE(
      '`dure run` needs to know what: `dure run <service>.<job>`, such as `dure run order.rebuild`',
    );
  const args = Object.fromEntries(
    given.map((one) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(one) ?? [];
      if (name === undefined || value === undefined)
        throw dureErrors.USAGE(`the argument "${one}" of a job is not written as \`name=value\``);
      return [name, readValue(value)];
    }),
  );
  return { service, job, args };
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function text(name: string, { state, chunks, result, error }: JobRun, language: Language): string {
  const what =
    state === 'done' ? (result === undefined || result === null ? '' : JSON.stringify(result)) : (error ?? '');
  return `${messages[language].jobEnded(name, state, chunks, what)}\n`;
}
