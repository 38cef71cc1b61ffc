import { resolve } from 'node:path';
import type { KeyringData, Rotation } from '@dure/config/cipher';
import {
  keyring,
  readKeyring,
  rotated,
  rotateFolder,
  withNextKey,
  withoutOldKeys,
  writeKeyring,
} from '@dure/config/cipher';
import { resolveConfig } from '../config-place.ts';
import { dureErrors } from '../errors.ts';
import { loadSystem } from '../load-system.ts';
import type { CommandContext } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { keyringPath, noKeyring } from './config-cipher.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { systemPlace } from './system-folder.ts';

/** What a rotation came to. */
interface Outcome extends Rotation {
  readonly key: string;
  readonly isDry: boolean;
  readonly oldKeys: readonly string[];
  readonly retired: readonly string[];
}

/**
 * `dure config rotate [folder]`: a new key becomes current, and every value of the system's folders of configuration, or of a
 * checkout of its repository, is encrypted by it in place. The keyring is written first and tells that a rotation is under way:
 * one that broke off goes on with the same key.
 * With `--retire` no key is made, and those that are not current go when no value needs them.
 */
export async function rotateKeys(
  named: string | undefined,
  line: CommandLine,
  context: CommandContext,
): Promise<number> {
  const isDry = line.switches.has('dry-run');
  const retires = line.switches.has('retire');
  const folders = named === undefined ? await configFolders(line, context) : [resolve(context.folder, named)];
  const path = await keyringPath(line, context);
  const before = await readKeyring(path);
  if (before === undefined) throw noKeyring(path);
  const { terminal, language } = context;
  const isJson = line.switches.has('json');
  if (before.isRotating === true && !isJson) terminal.err(`${messages[language].cipher.goesOn(before.current)}\n`);
  const data = retires ? before : withNextKey(before);
  if (!isDry && data !== before) await writeKeyring(path, data);
  const ring = keyring(data, path);
  const found = await rotateAll(folders, (folder) => rotateFolder({ folder, keyring: ring, writes: !isDry }));
  const isWhole = found.stuck.length === 0;
  const ended = isWhole ? ending(data, retires) : data;
  if (!isDry && isWhole) await writeKeyring(path, ended);
  const oldKeys = Object.keys(data.keys).filter((id) => id !== data.current);
  const outcome = { ...found, key: data.current, isDry, oldKeys, retired: retires && isWhole ? oldKeys : [] };
  terminal.out(isJson ? `${JSON.stringify(outcome)}\n` : shown(outcome, retires, context));
  return isWhole ? exitCodes.ok : exitCodes.system;
}

function ending(data: KeyringData, retires: boolean): KeyringData {
  return retires ? withoutOldKeys(data) : rotated(data);
}

async function rotateAll(folders: readonly string[], rotate: (folder: string) => Promise<Rotation>): Promise<Rotation> {
  const changed: Rotation['changed'][number][] = [];
  const stuck: Rotation['stuck'][number][] = [];
  for (const folder of folders) {
    const found = await rotate(folder);
    changed.push(...found.changed);
    stuck.push(...found.stuck);
  }
  return { changed, stuck };
}

/** The system's folders of configuration; what lies in a git repository is rotated in a checkout. */
async function configFolders({ values }: CommandLine, { folder }: CommandContext): Promise<readonly string[]> {
  const { module } = await systemPlace(folder, values.get('system'), values.get('state'));
  const loaded = await loadSystem(module);
  const places = resolveConfig(loaded.folder, loaded.system.config);
  const folders = places.filter((place) => typeof place === 'string');
  if (folders.length > 0) return folders;
  throw dureErrors.USAGE(
    `the system "${loaded.system.name}" has no folder of configuration; name a checkout of its repository: \`dure config rotate <folder>\``,
  );
}

function shown({ changed, stuck, key, isDry, oldKeys, retired }: Outcome, retires: boolean, context: CommandContext) {
  const text = messages[context.language].cipher;
  const lines = (found: readonly { readonly place: string; readonly key: string }[]) =>
    found.map(({ place, key: name }) => `  ${place}${name === '' ? '' : ` ${name}`}`);
  const keys = oldKeys.join(', ');
  const ends = retires
    ? [
        retired.length > 0
          ? isDry
            ? text.wouldRetire(keys)
            : text.retired(keys)
          : stuck.length > 0
            ? ''
            : text.nothingRetired,
      ]
    : isDry
      ? []
      : [text.oldKeys(keys)];
  return `${[
    isDry ? text.wouldRotate(changed.length) : text.rotated(changed.length, key),
    ...lines(changed),
    ...(stuck.length === 0
      ? []
      : [text.stuck(stuck.length), ...stuck.map(({ place, key: name, why }) => `  ${place} ${name}: ${why}`)]),
    ...ends.filter((end) => end !== ''),
  ].join('\n')}\n`;
}
