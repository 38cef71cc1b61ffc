import { askSupervisor } from '../supervisor/control-client.ts';
import type { ComponentStatus, SystemStatus } from '../supervisor/events.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language, Terminal } from './terminal.ts';
import { paint } from './terminal.ts';
import { alignColumns } from './text-width.ts';

/** `dure status`: what runs, where, and whether it is ready. */
export const status: Command = {
  spec: {
    name: 'status',
    positional: '[system]',
    options: { ...stateOption, ...commonOptions },
    en: 'show what runs and whether it is ready',
    ko: '실행 상태와 준비 여부 표시',
  },
  async run({ positional, values, switches }, { folder, terminal, language }) {
    const stateFolder = await stateFolderOf(folder, positional, values.get('state'));
    const answer = await askSupervisor(stateFolder, { ask: 'status' });
    terminal.out(switches.has('json') ? `${JSON.stringify(answer)}\n` : table(answer, terminal, language));
    return answer.ready ? exitCodes.ok : exitCodes.notReady;
  },
};

function table(answer: SystemStatus, terminal: Terminal, language: Language): string {
  const text = messages[language];
  const head = answer.ready
    ? paint(terminal, 'green', text.isReady(answer.system, answer.pid))
    : paint(terminal, 'yellow', text.isNotReady(answer.system, answer.pid, answer.waitingFor.join('; ')));
  const rows = alignColumns([text.columns, ...answer.components.map((component) => rowOf(component, language))]);
  const links = alignColumns([
    [text.gateway, answer.urls.gateway],
    [text.console, answer.urls.console],
    [text.registry, answer.urls.registry],
    [text.config, answer.urls.config],
    ...(answer.urls.router === undefined ? [] : [[text.router, answer.urls.router]]),
    ...(answer.urls.dns === undefined ? [] : [[text.dns, answer.urls.dns]]),
  ]);
  return `${[head, '', ...rows, '', ...links].join('\n')}\n`;
}

function rowOf(
  { name, state, pid, restarts, services, lastCrash }: ComponentStatus,
  language: Language,
): readonly string[] {
  const ports = services.map(({ port }) => port).join(' ');
  const versions = [...new Set(services.map(({ version }) => version))].join(' ');
  const shown = messages[language].states[state];
  return [name, versions || '–', shown, String(pid ?? '–'), String(restarts), ports || '–', lastCrash ?? '–'];
}
