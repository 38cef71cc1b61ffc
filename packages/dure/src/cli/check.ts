import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dureErrors } from '../errors.ts';
import { findSystem, loadDefinitions, loadSystem } from '../load-system.ts';
import { flowMaps, strayReactions } from '../plan/flow-map.ts';
import { wire } from '../plan/plan.ts';
import { readSagaCounts, strandedSagas } from '../plan/saga-gate.ts';
import type { Command } from './command.ts';
import { commonOptions } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';

/** `dure check`: judges a system without starting it. */
export const check: Command = {
  spec: {
    name: 'check',
    positional: '[system]',
    options: {
      sagas: {
        value: '<file>',
        en: 'what `dure sagas counts` printed where it runs: can this build carry those on?',
        ko: '운영 중인 곳에서 `dure sagas counts`로 뽑은 파일. 이 빌드가 그 사가들을 이어서 실행할 수 있는지 확인',
      },
      ...commonOptions,
    },
    en: 'judge a system without starting it: wiring, flows, sagas under way',
    ko: '시스템을 시작하지 않고 검사: 연결, 흐름, 진행 중인 사가',
  },
  async run({ positional, values, switches }, { folder, terminal, language }) {
    const { system } = await loadSystem(await findSystem(folder, positional));
    const definitions = await loadDefinitions(system);
    wire(definitions, system);
    const counts = await countsIn(values.get('sagas'), folder);
    const problems = [
      ...strayReactions(definitions),
      ...flowMaps(definitions).flatMap((flow) => flow.problems),
      ...(counts === undefined ? [] : strandedSagas(counts, definitions)),
    ];
    if (switches.has('json')) terminal.out(`${JSON.stringify({ system: system.name, problems })}\n`);
    else for (const problem of problems) terminal.err(`✗ ${problem}\n`);
    if (!switches.has('json')) terminal.out(`${messages[language].checked(system.name, problems.length)}\n`);
    return problems.length === 0 ? exitCodes.ok : exitCodes.system;
  },
};

async function countsIn(file: string | undefined, folder: string) {
  if (file === undefined) return undefined;
  const text = await readFile(resolve(folder, file), 'utf8').catch((cause) => {
    throw dureErrors.USAGE(`\`--sagas ${file}\` cannot be read`, { cause });
  });
  const counts = readSagaCounts(text);
  if (counts === undefined) throw dureErrors.USAGE(`\`--sagas ${file}\` is not what \`dure sagas counts\` prints`);
  return counts;
}
