import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import { whoOf, whoOptions } from './who.ts';

/** `dure pause`: a service applies nothing of a source until it is resumed. */
export const pause = steering('pause', {
  en: 'let a service apply no messages of a source until it is resumed',
  ko: '다시 시작할 때까지 서비스가 해당 출처의 메시지를 적용하지 않게 함',
});

/** `dure resume`: it goes on. */
export const resume = steering('resume', {
  en: 'let a service apply the messages of a source again',
  ko: '서비스가 해당 출처의 메시지를 다시 적용하게 함',
});

function steering(what: 'pause' | 'resume', about: { readonly en: string; readonly ko: string }): Command {
  return {
    spec: {
      name: what,
      positional: '<service> <source>',
      repeats: true,
      options: { ...whoOptions, ...systemOption, ...stateOption, ...commonOptions },
      ...about,
    },
    async run(line, { folder, terminal, language }) {
      const [service, source] = line.positionals;
      if (service === undefined || source === undefined)
        throw dureErrors.USAGE(`\`dure ${what}\` needs both: \`dure ${what} <service> <source> --why <why>\``);
      const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
      const body = { do: what, source, ...whoOf(line) };
      const path = 'deliveries/sources';
      const answer = await askSupervisor(stateFolder, { ask: 'manage', service, method: 'POST', path, body });
      terminal.out(line.switches.has('json') ? `${JSON.stringify(answer)}\n` : `${messages[language].done}\n`);
      return exitCodes.ok;
    },
  };
}
