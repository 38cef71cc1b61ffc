import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { CanaryWish } from '../supervisor/steering.ts';
import { canaryLine } from './canary-line.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { stateFolderOf } from './system-folder.ts';

/** As long as the process may take to be ready, its predecessor to leave, and another change before this one. */
const answerMs = 300_000;

/** `dure canary`: another version of a service beside the one that runs, for those requests that ask for it. */
export const canary: Command = {
  spec: {
    name: 'canary',
    positional: '<service> [module]',
    repeats: true,
    options: {
      as: {
        value: '<version>',
        en: 'what the version is called (default: what its service({ metadata }) says)',
        ko: '버전 이름(기본값: service({ metadata })에 적힌 버전)',
      },
      end: { en: 'end it; its requests go to the others again', ko: '시험을 끝내고 요청을 나머지 인스턴스로 되돌림' },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'try out another version of a service beside the one that runs: a module, or the code as it is now',
    ko: '실행 중인 서비스 옆에서 다른 버전을 시험(모듈을 지정하거나 지금의 코드로)',
  },
  async run(line, { folder, terminal, language }) {
    const wish = await wishOf(line, folder);
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    const report = await askSupervisor(stateFolder, { ask: 'canary', wish }, answerMs);
    const said = line.switches.has('json') ? JSON.stringify(report) : canaryLine(report, language);
    terminal.out(`${said}\n`);
    return exitCodes.ok;
  },
};

async function wishOf({ positionals, switches, values }: CommandLine, folder: string): Promise<CanaryWish> {
  const [service, written, more] = positionals;
  const version = values.get('as');
  if (service === undefined || more !== undefined)
    throw dureErrors.USAGE(
      '`dure canary` needs to know what: `dure canary <service> [module]`, such as `dure canary product ./product/next.ts`',
    );
  if (switches.has('end')) {
    if (written === undefined && version === undefined) return { service, run: 'end' };
    throw dureErrors.USAGE(
      '`dure canary <service> --end` takes neither a module nor `--as`: it ends what is tried out',
    );
  }
  const module = written === undefined ? {} : { module: await moduleAt(folder, written) };
  return { service, run: { ...module, ...(version === undefined ? {} : { version }) } };
}

/** A module, or the `service.ts` in a folder. DURE_USAGE. */
async function moduleAt(folder: string, written: string): Promise<string> {
  const kindOf = async (path: string) => {
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() === true ? 'file' : found?.isDirectory() === true ? 'folder' : 'nothing';
  };
  const path = resolve(folder, written);
  const kind = await kindOf(path);
  const module = kind === 'folder' ? join(path, 'service.ts') : path;
  if (kind === 'file' || (await kindOf(module)) === 'file') return module;
  throw dureErrors.USAGE(
    `there is no module "${written}"; name a file that exports a service({ … }), or a folder with a service.ts`,
  );
}
