import { dureErrors } from '../errors.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { checkConfig } from './config-check.ts';
import { decryptText, encryptText } from './config-cipher.ts';
import { rotateKeys } from './config-rotate.ts';
import { configStatus } from './config-status.ts';
import { stateFolderOf } from './system-folder.ts';
import { whoOptions } from './who.ts';

/** `dure config`: which instance runs which version of its configuration, whether all would take another, and what is secret in it. */
export const config: Command = {
  spec: {
    name: 'config',
    positional: '<status|check|encrypt|decrypt|rotate> [folder]',
    repeats: true,
    options: {
      label: {
        value: '<commit>',
        en: 'check: a commit, branch or tag in place of a folder',
        ko: 'check: 폴더 대신 확인할 커밋, 브랜치, 태그',
      },
      keyring: {
        value: '<file>',
        en: 'the file of the keys (default: the system’s)',
        ko: '키가 든 파일(기본값: 시스템의 키링)',
      },
      'dry-run': {
        en: 'rotate: only show what would change',
        ko: 'rotate: 바뀔 내용만 표시',
      },
      retire: {
        en: 'rotate: no new key; remove the old ones',
        ko: 'rotate: 새 키를 만들지 않고 이전 키를 제거',
      },
      ...whoOptions,
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'show and check the versions of the configuration; encrypt a value that is given by standard input, decrypt one, change the key of all',
    ko: '인스턴스별 설정 버전 표시와 변경 확인, 표준 입력으로 받은 값의 암호화와 복호화, 모든 암호화 값의 키 교체',
  },
  async run(line, context) {
    const { positionals, values } = line;
    const [verb, named, more] = positionals;
    const stateFolder = async () => stateFolderOf(context.folder, values.get('system'), values.get('state'));
    const takesFolder = verb === 'check' || verb === 'rotate';
    if (more !== undefined || (named !== undefined && !takesFolder)) throw usage(verb);
    switch (verb) {
      case 'status':
        return configStatus(await stateFolder(), line, context);
      case 'check':
        return checkConfig(await stateFolder(), named, line, context);
      case 'encrypt':
        return encryptText(line, context);
      case 'decrypt':
        return decryptText(line, context);
      case 'rotate':
        return rotateKeys(named, line, context);
      default:
        throw usage(verb);
    }
  },
};

/** Repeats nothing but the verb: what was given besides may be a secret. */
function usage(verb: string | undefined): Error {
  return dureErrors.USAGE(
    `\`dure config\` knows \`status\`, \`check [folder]\`, \`encrypt\`, \`decrypt\` and \`rotate [folder]\`, not ${verb === undefined ? 'nothing' : `"${verb}" so`}; a value is read from standard input, never from the command line`,
  );
}
