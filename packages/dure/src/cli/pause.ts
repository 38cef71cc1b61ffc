import type { SetBackOutcome, StreamAhead } from '@dure/messaging/feed';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine, OptionSpec } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { whoOf, whoOptions } from './who.ts';

/** `dure pause`: a service applies nothing of a source until it is resumed. */
export const pause = steering('pause', {
  en: 'let a service apply no messages of a source until it is resumed',
  ko: '다시 시작할 때까지 서비스가 해당 출처의 메시지를 적용하지 않게 함',
});

/** `dure resume`: it goes on; with `--after` behind a position, where the source was restored and has lost what comes after that. */
export const resume = steering(
  'resume',
  {
    en: 'let a service apply the messages of a source again',
    ko: '서비스가 해당 출처의 메시지를 다시 적용하게 함',
  },
  {
    after: {
      value: '<position>',
      en: 'set it back to this position, the last that it has in common with a source that was restored',
      ko: '복원된 출처와 공통되는 마지막 위치로 되돌림',
    },
  },
);

function steering(
  what: 'pause' | 'resume',
  about: { readonly en: string; readonly ko: string },
  options: Readonly<Record<string, OptionSpec>> = {},
): Command {
  return {
    spec: {
      name: what,
      positional: '<service> <source>',
      repeats: true,
      options: { ...options, ...whoOptions, ...systemOption, ...stateOption, ...commonOptions },
      ...about,
    },
    async run(line, { folder, terminal, language }) {
      const [service, source] = line.positionals;
      if (service === undefined || source === undefined)
        throw dureErrors.USAGE(`\`dure ${what}\` needs both: \`dure ${what} <service> <source> --why <why>\``);
      const after = positionIn(line);
      const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
      const body = { do: what, source, ...(after === undefined ? {} : { after }), ...whoOf(line) };
      const path = 'deliveries/sources';
      const answer = await askSupervisor(stateFolder, { ask: 'manage', service, method: 'POST', path, body });
      const told = after === undefined ? messages[language].done : outcome(answer as SetBackOutcome, after, language);
      terminal.out(line.switches.has('json') ? `${JSON.stringify(answer)}\n` : `${told}\n`);
      return exitCodes.ok;
    },
  };
}

function positionIn({ values }: CommandLine): number | undefined {
  const after = values.get('after');
  if (after === undefined || /^\d{1,15}$/.test(after)) return after === undefined ? undefined : Number(after);
  throw dureErrors.USAGE(`\`--after ${after}\` is no position: give a whole number, as MESSAGING_FEED_AHEAD names it`);
}

function outcome({ setBack, left }: SetBackOutcome, after: number, language: Language): string {
  const text = messages[language].setBack;
  const was = ({ stream, position }: StreamAhead) => text.was(stream, position, Math.min(position, after));
  const stays = ({ stream, position, common }: StreamAhead) => text.stays(stream, position, common);
  return [...setBack.map(was), ...left.map(stays)].join('\n');
}
