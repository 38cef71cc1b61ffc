import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dureErrors } from '../errors.ts';
import type { Definitions, LoadedSystem } from '../load-system.ts';
import { findSystem, loadDefinitions, loadSystem } from '../load-system.ts';
import { checkContracts } from '../plan/contract-check.ts';
import { contractShapes } from '../plan/contract-users.ts';
import { flowMaps, strayReactions } from '../plan/flow-map.ts';
import { gatewayProblems } from '../plan/gateway-check.ts';
import { wire } from '../plan/plan.ts';
import { readSagaCounts, strandedSagas } from '../plan/saga-gate.ts';
import type { Command } from './command.ts';
import { commonOptions } from './command.ts';
import { contractFile, readContracts, writeContracts } from './contract-file.ts';
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
      accept: {
        en: `write the contracts down in ${contractFile} as they are now, whatever that breaks`,
        ko: `지금의 계약을 ${contractFile}에 기록(호환되지 않는 변경도 받아들임)`,
      },
      ...commonOptions,
    },
    en: 'judge a system without starting it: wiring, flows, changes of contracts, sagas under way',
    ko: '시스템을 시작하지 않고 검사: 연결, 흐름, 계약 변경, 진행 중인 사가',
  },
  async run({ positional, values, switches }, { folder, terminal, language }) {
    const loaded = await loadSystem(await findSystem(folder, positional));
    const { system } = loaded;
    const definitions = await loadDefinitions(system);
    wire(definitions, system);
    const counts = await countsIn(values.get('sagas'), folder);
    const contracts = await contractProblems(loaded, definitions, switches.has('accept'));
    const problems = [
      ...strayReactions(definitions),
      ...flowMaps(definitions).flatMap((flow) => flow.problems),
      ...contracts.problems,
      ...(await gatewayProblems(system)),
      ...(counts === undefined ? [] : strandedSagas(counts, definitions)),
    ];
    const { accepted } = contracts;
    if (switches.has('json')) terminal.out(`${JSON.stringify({ system: system.name, problems, accepted })}\n`);
    else {
      for (const problem of problems) terminal.err(`✗ ${problem}\n`);
      for (const taken of accepted) terminal.err(`! ${taken}\n`);
      if (switches.has('accept')) terminal.out(`${messages[language].accepted(contractFile, accepted.length)}\n`);
      terminal.out(`${messages[language].checked(system.name, problems.length)}\n`);
    }
    return problems.length === 0 ? exitCodes.ok : exitCodes.system;
  },
};

/** What the contracts break that were written down, or, when it is to be accepted, what was. */
async function contractProblems({ system, folder }: LoadedSystem, definitions: Definitions, accept: boolean) {
  const before = await readContracts(folder);
  if (before === undefined && !accept) return { problems: [], accepted: [] };
  const now = contractShapes(definitions, system.edge);
  const { breaks, changes } = checkContracts(before ?? {}, now);
  if (accept) {
    await writeContracts(folder, now);
    return { problems: [], accepted: breaks };
  }
  if (breaks.length > 0 || changes.length === 0) return { problems: breaks, accepted: [] };
  const listed = changes.slice(0, 5).join(', ');
  const more = changes.length > 5 ? ` and ${changes.length - 5} more` : '';
  const behind = `${contractFile} does not know ${listed}${more} as now; nothing breaks: write it down with \`dure check --accept\``;
  return { problems: [behind], accepted: [] };
}

async function countsIn(file: string | undefined, folder: string) {
  if (file === undefined) return undefined;
  const text = await readFile(resolve(folder, file), 'utf8').catch((cause) => {
    throw dureErrors.USAGE(`\`--sagas ${file}\` cannot be read`, { cause });
  });
  const counts = readSagaCounts(text);
  if (counts === undefined) throw dureErrors.USAGE(`\`--sagas ${file}\` is not what \`dure sagas counts\` prints`);
  return counts;
}
