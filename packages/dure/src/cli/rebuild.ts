import { wait } from '@dure/core';
import type { ProjectionTable } from '@dure/postgres';
import { dureErrors } from '../errors.ts';
import type { ProjectionView } from '../host/projections-endpoint.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns, timeOf } from './text-width.ts';
import { whoOf, whoOptions } from './who.ts';

const pollMs = 500;
const steps: ReadonlySet<string> = new Set(['pause', 'resume', 'back']);

/** `dure rebuild`: builds a projection's table anew beside the one that is shown, shows how far that is, and ends when it is shown. */
export const rebuild: Command = {
  spec: {
    name: 'rebuild',
    positional: '<service> [projection] [pause|resume|back]',
    repeats: true,
    options: { ...whoOptions, ...systemOption, ...stateOption, ...commonOptions },
    en: 'show projections; build one anew while it is read, pause that, or go back to the table before',
    ko: '프로젝션 목록, 읽기를 멈추지 않고 다시 만들기, 일시 정지, 이전 테이블로 되돌리기',
  },
  async run(line, { folder, terminal, language, clock, interrupted }) {
    const [service, name, step] = line.positionals;
    if (service === undefined || (step !== undefined && !steps.has(step)))
      throw dureErrors.USAGE(
        '`dure rebuild` needs to know what: `dure rebuild <service> <projection> [pause|resume|back] --why <why>`',
      );
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    if (name === undefined) {
      const answer = await askSupervisor(stateFolder, { ask: 'manage', service, method: 'GET', path: 'projections' });
      terminal.out(line.switches.has('json') ? `${JSON.stringify(answer)}\n` : listed(answer, language));
      return exitCodes.ok;
    }
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

function listed(answer: unknown, language: Language): string {
  const { projections } = answer as { readonly projections: readonly ProjectionTable[] };
  const rows = projections.map(({ name, mode, version, run, state, position, changedAt }) => [
    ...[
      name,
      mode,
      String(version),
      String(run),
      state,
      mode === 'inline' && state === 'active' ? '–' : String(position),
    ],
    timeOf(changedAt),
  ]);
  return `${alignColumns([messages[language].rebuilds.columns, ...rows]).join('\n')}\n`;
}
