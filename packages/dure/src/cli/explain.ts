import type { Explanation } from '@dure/proxy/gateway';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';

/** `dure explain`: why the gateway answered a request as it did. */
export const explain: Command = {
  spec: {
    name: 'explain',
    positional: '<request-id>',
    options: { ...systemOption, ...stateOption, ...commonOptions },
    en: 'tell why the gateway answered a request as it did',
    ko: '게이트웨이가 요청에 왜 그렇게 응답했는지 설명',
  },
  async run({ positional: id, values, switches }, { folder, terminal, language }) {
    if (id === undefined)
      throw dureErrors.USAGE(
        '`dure explain` needs to know which request: `dure explain <request-id>`, the field "Dure-Request-Id" of its answer',
      );
    const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
    const explained = await askSupervisor(stateFolder, { ask: 'explain', id });
    terminal.out(switches.has('json') ? `${JSON.stringify(explained)}\n` : text(explained, language));
    return exitCodes.ok;
  },
};

function text(explained: Explanation, language: Language): string {
  const { client, caller, method, path, route, service, status, tookMs, notes } = explained;
  const named = messages[language].explained;
  const rows = alignColumns([
    [named.request, `${method} ${path}`],
    [named.caller, `${caller} (${client})`],
    [named.route, `${route} → ${service}`],
    [named.answer, `${status}, ${tookMs.toFixed(1)} ms`],
    ...notes.map(({ what, text: said, atMs }) => [`+${atMs.toFixed(1)} ms ${what}`, said]),
  ]);
  return `${rows.join('\n')}\n`;
}
