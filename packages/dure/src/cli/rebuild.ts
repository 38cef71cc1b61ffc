import { wait } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { ProjectionView } from '../host/projections-endpoint.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import { whoOf, whoOptions } from './who.ts';

const pollMs = 500;
const steps: ReadonlySet<string> = new Set(['pause', 'resume', 'back']);

/** `dure rebuild`: builds a projection's table anew beside the one that is shown, shows how far that is, and ends when it is shown. */
export const rebuild: Command = {
  spec: {
    name: 'rebuild',
    positional: '<service> <projection> [pause|resume|back]',
    repeats: true,
    options: { ...whoOptions, ...systemOption, ...stateOption, ...commonOptions },
    en: 'build a projection anew while it is read; pause that, or go back to the table before',
    ko: '읽기를 멈추지 않고 프로젝션을 다시 만들기, 일시 정지, 이전 테이블로 되돌리기',
  },
  async run(line, { folder, terminal, language, clock, interrupted }) {
    const [service, name, step] = line.positionals;
    if (service === undefined || name === undefined || (step !== undefined && !steps.has(step)))
      throw dureErrors.USAGE(
        '`dure rebuild` needs both: `dure rebuild <service> <projection> [pause|resume|back] --why <why>`',
      );
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    const manage = async (method: 'GET' | 'POST', body?: unknown) =>
      (await askSupervisor(stateFolder, {
        ask: 'manage',
        service,
        method,
        path: `projections/${name}`,
        body,
      })) as ProjectionView;
    const text = messages[language].rebuilds;
    let current = await manage('POST', { do: step ?? 'rebuild', ...whoOf(line) });
    const show = () => {
      const { building, end } = current;
      if (building !== undefined) terminal.err(`${text.progress(name, building.run, building.position, end)}\n`);
    };
    while (step !== 'pause' && current.building !== undefined && current.building.paused === undefined) {
      if (!line.switches.has('json')) show();
      if (!(await wait(clock, pollMs, interrupted))) {
        terminal.err(`${text.goesOn(service, name)}\n`);
        return exitCodes.ok;
      }
      current = await manage('GET');
    }
    const { building, active } = current;
    const said =
      building === undefined
        ? text.shown(name, active?.version ?? 0, active?.run ?? 0)
        : text.paused(name, building.position, current.end);
    terminal.out(line.switches.has('json') ? `${JSON.stringify(current)}\n` : `${said}\n`);
    return exitCodes.ok;
  },
};
