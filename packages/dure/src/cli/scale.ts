import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { readCounts } from './instance-counts.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';

/** As long as new processes may take to be ready, the old ones to leave, and another change before this one. */
const answerMs = 300_000;

/** `dure scale`: gives services more or fewer processes, while requests go on. */
export const scale: Command = {
  spec: {
    name: 'scale',
    positional: '<service>=<n> …',
    repeats: true,
    options: { ...systemOption, ...stateOption, ...commonOptions },
    en: 'give services, or the gateway, more or fewer processes, without losing a request',
    ko: '요청을 잃지 않고 서비스나 게이트웨이의 프로세스 수 조정',
  },
  async run({ positionals, values, switches }, { folder, terminal, language }) {
    if (positionals.length === 0)
      throw dureErrors.USAGE(
        '`dure scale` needs to know what: `dure scale <service>=<n>`, such as `dure scale order=3`',
      );
    const counts = readCounts(positionals);
    const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
    const report = await askSupervisor(stateFolder, { ask: 'scale', counts }, answerMs);
    const lines = report.services.map(({ service, from, to }) => messages[language].scaled(service, from, to));
    terminal.out(switches.has('json') ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`);
    return exitCodes.ok;
  },
};
