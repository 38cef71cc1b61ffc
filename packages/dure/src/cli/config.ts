import { dureErrors } from '../errors.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { checkConfig } from './config-check.ts';
import { configStatus } from './config-status.ts';
import { stateFolderOf } from './system-folder.ts';

/** `dure config`: which instance runs which version of its configuration, and whether all of them would take another. */
export const config: Command = {
  spec: {
    name: 'config',
    positional: '<status|check> [folder]',
    repeats: true,
    options: {
      label: {
        value: '<commit>',
        en: 'check: a commit, branch or tag in place of a folder',
        ko: 'check: 폴더 대신 확인할 커밋, 브랜치, 태그',
      },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'show which instance runs which configuration; ask all whether they would take another',
    ko: '인스턴스별 설정 버전 표시, 바꿀 설정을 모든 인스턴스가 받아들이는지 확인',
  },
  async run(line, context) {
    const { positionals, values } = line;
    const [verb, named, more] = positionals;
    const stateFolder = async () => stateFolderOf(context.folder, values.get('system'), values.get('state'));
    if (more !== undefined) throw usage(verb);
    switch (verb) {
      case 'status':
        if (named !== undefined) throw usage(verb);
        return configStatus(await stateFolder(), line, context);
      case 'check':
        return checkConfig(await stateFolder(), named, line, context);
      default:
        throw usage(verb);
    }
  },
};

function usage(verb: string | undefined): Error {
  return dureErrors.USAGE(
    `\`dure config\` knows \`status\` and \`check [folder]\`, not ${verb === undefined ? 'nothing' : `"${verb}" so`}`,
  );
}
