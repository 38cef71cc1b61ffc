import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { dureErrors } from '../errors.ts';
import { findSystem, loadSystem } from '../load-system.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { CommandContext } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { paint } from './terminal.ts';

/** What a dry run comes to. */
interface DryRun {
  readonly isAccepted: boolean;
  readonly targets: readonly {
    readonly target: string;
    readonly version: string;
    readonly isChanged: boolean;
    readonly judges: readonly string[];
    readonly refused: readonly string[];
  }[];
}

const answerMs = 30_000;

/** `dure config check`: would those who run now take the files of a folder, or a commit? Nothing changes. */
export async function checkConfig(
  stateFolder: string,
  named: string | undefined,
  { switches, values }: CommandLine,
  { folder, terminal, language }: CommandContext,
): Promise<number> {
  const label = values.get('label');
  if (label !== undefined && named !== undefined)
    throw dureErrors.USAGE('`dure config check` takes a folder or `--label`, not both');
  const body = label === undefined ? { files: await filesOf(await folderOf(folder, named, values)) } : { label };
  const question = { ask: 'manage', service: 'config', method: 'POST', path: 'rollout/check', body } as const;
  const answer = (await askSupervisor(stateFolder, question, answerMs)) as DryRun;
  const text = messages[language].rollOut;
  if (switches.has('json')) terminal.out(`${JSON.stringify(answer)}\n`);
  else {
    for (const { target, refused, isChanged, judges } of answer.targets) {
      const mark = refused.length === 0 ? paint(terminal, 'green', '✓') : paint(terminal, 'red', '✗');
      const what = isChanged ? text.changes : text.stays;
      terminal.out(`${mark} ${target}: ${what}${judges.length === 0 ? ` (${text.unasked})` : ''}\n`);
      for (const reason of refused) terminal.out(`  ${reason}\n`);
    }
    terminal.out(`${answer.isAccepted ? text.accepted : text.refused}\n`);
  }
  return answer.isAccepted ? exitCodes.ok : exitCodes.system;
}

/** The folder that is named, or the system's own. */
async function folderOf(from: string, named: string | undefined, values: CommandLine['values']): Promise<string> {
  if (named !== undefined) return resolve(from, named);
  const { system, folder } = await loadSystem(await findSystem(from, values.get('system')));
  const own = system.config.find((place) => typeof place === 'string');
  if (own === undefined)
    throw dureErrors.USAGE(
      `the system "${system.name}" has no folder of configuration; name one: \`dure config check <folder>\``,
    );
  return resolve(folder, own);
}

async function filesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw dureErrors.USAGE(`the folder ${folder} cannot be read`, { cause });
  });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(properties|ya?ml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const read = paths.map(async (path) => [relative(folder, path), await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(read));
}
