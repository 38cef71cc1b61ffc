import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { RestartReport } from '../supervisor/events.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { seconds } from './text-width.ts';

/** As long as the processes of a service may take to be replaced, and another change before this one. */
const answerMs = 900_000;

/** `dure restart`: replaces the processes of a service one by one, while requests go on. */
export const restart: Command = {
  spec: {
    name: 'restart',
    positional: '<service>',
    options: { ...systemOption, ...stateOption, ...commonOptions },
    en: 'replace the processes of a service, or of the gateway, one by one, without losing a request',
    ko: '요청을 잃지 않고 서비스나 게이트웨이의 프로세스를 하나씩 교체',
  },
  async run({ positional: service, values, switches }, { folder, terminal, language }) {
    if (service === undefined)
      throw dureErrors.USAGE(
        '`dure restart` needs to know what: `dure restart <service>`, such as `dure restart order` or `dure restart gateway`',
      );
    const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
    const report = await askSupervisor(stateFolder, { ask: 'restart', service }, answerMs);
    terminal.out(switches.has('json') ? `${JSON.stringify(report)}\n` : text(report, language));
    return exitCodes.ok;
  },
};

function text({ service, processes, tookMs }: RestartReport, language: Language): string {
  const { replaced, restarted } = messages[language];
  const lines = processes.map(({ name, formerPid, pid, tookMs: ms }) =>
    replaced(name, String(formerPid ?? '–'), String(pid ?? '–'), seconds(ms)),
  );
  return `${[...lines, restarted(service, processes.length, seconds(tookMs))].join('\n')}\n`;
}
