import { loadSystem } from '../load-system.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Verdict } from '../verify-invariants.ts';
import { verifyInvariants } from '../verify-invariants.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { systemPlace } from './system-folder.ts';
import type { Language, Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** `dure verify`: proves the invariants of the running system against its databases. */
export const verify: Command = {
  spec: {
    name: 'verify',
    positional: '[system]',
    options: { ...stateOption, ...commonOptions },
    en: 'check the invariants of the running system against its databases',
    ko: '실행 중인 시스템의 불변식을 데이터베이스에서 확인',
  },
  async run({ positional, values, switches }, { folder, clock, random, terminal, language }) {
    const { module, stateFolder } = await systemPlace(folder, positional, values.get('state'));
    const databaseUrls = await askSupervisor(stateFolder, { ask: 'databases' });
    const { system } = await loadSystem(module);
    const verdicts = await verifyInvariants({ invariants: system.invariants, databaseUrls, clock, random });
    const holds = verdicts.every((verdict) => verdict.holds);
    if (switches.has('json')) terminal.out(`${JSON.stringify({ holds, invariants: verdicts })}\n`);
    else if (verdicts.length === 0) terminal.out(`${messages[language].noInvariants(system.name)}\n`);
    else terminal.out(report(verdicts, terminal, language));
    return holds ? exitCodes.ok : exitCodes.invariant;
  },
};

function report(verdicts: readonly Verdict[], terminal: Terminal, language: Language): string {
  const text = messages[language];
  const lines = verdicts.flatMap(({ name, holds, figures, violations }) => [
    holds
      ? `${paint(terminal, 'green', `✓ ${text.holds}`)}  ${name}`
      : `${paint(terminal, 'red', `✗ ${text.broken}`)}  ${name}`,
    ...Object.entries(figures).map(([figure, value]) => `    ${figure} = ${value}`),
    ...(holds ? [] : violations.map((violation) => `    ${paint(terminal, 'red', violation)}`)),
  ]);
  const held = verdicts.filter(({ holds }) => holds).length;
  return `${[...lines, '', text.verdict(held, verdicts.length)].join('\n')}\n`;
}
