import { kill } from 'node:process';
import type { ChaosReport } from '../chaos/run-scenario.ts';
import { runScenario } from '../chaos/run-scenario.ts';
import type { ChaosTarget, Scenario } from '../chaos/scenario.ts';
import { scenarios } from '../chaos/scenarios.ts';
import { dureErrors } from '../errors.ts';
import { loadSystem } from '../load-system.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import { verifyInvariants } from '../verify-invariants.ts';
import type { Command, CommandContext } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { nearest } from './nearest.ts';
import { systemPlace } from './system-folder.ts';
import { paint } from './terminal.ts';
import { alignColumns, seconds } from './text-width.ts';

/** Sagas that were interrupted come to their end by their timeouts. */
const settleMs = 60_000;
const mostFailures = 4;

/** `dure chaos`: breaks a running system in a chosen way, or in all, while its customers go on, and proves what must hold. */
export const chaos: Command = {
  spec: {
    name: 'chaos',
    positional: '[scenario]',
    options: {
      list: { en: 'show the scenarios and what each teaches', ko: '시나리오와 각각의 교훈 보기' },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'break the running system in a chosen way, or in all, and check that nothing is lost',
    ko: '실행 중인 시스템을 고른 방식(또는 모든 방식)으로 망가뜨리고 잃은 것이 없는지 확인',
  },
  async run({ positional, values, switches }, context) {
    const { folder, terminal, language, clock, random } = context;
    if (switches.has('list')) {
      const listed = scenarios.map((scenario) => ({ name: scenario.name, ...scenario[language] }));
      terminal.out(switches.has('json') ? `${JSON.stringify({ scenarios: listed })}\n` : `${told(listed)}\n`);
      return exitCodes.ok;
    }
    const named = positional === undefined ? undefined : scenarioNamed(positional);
    const { module, stateFolder } = await systemPlace(folder, values.get('system'), values.get('state'));
    const { urls } = await askSupervisor(stateFolder, { ask: 'status' });
    const { system } = await loadSystem(module);
    const traffic = await system.traffic?.();
    const target: ChaosTarget = {
      status: () => askSupervisor(stateFolder, { ask: 'status' }),
      signal: kill,
      async fault({ name: service, instanceId }, body) {
        const path = 'faults';
        await askSupervisor(stateFolder, { ask: 'manage', service, instanceId, method: 'POST', path, body });
      },
      broker: system.broker?.kind,
      clock,
      random,
      interrupted: context.interrupted,
    };
    const verify = async () => {
      const databaseUrls = await askSupervisor(stateFolder, { ask: 'databases' });
      return verifyInvariants({ invariants: system.invariants, databaseUrls, clock, random, settleMs });
    };
    const chosen = (named === undefined ? scenarios : [named]).filter(({ applies }) => applies?.(target) ?? true);
    if (chosen.length === 0)
      throw dureErrors.USAGE(
        `the system has nothing that "${named?.name ?? ''}" breaks; \`dure chaos --list\` tells what each does`,
      );
    let survived = true;
    for (const scenario of chosen) {
      if (context.interrupted.aborted) break;
      if (!switches.has('json')) terminal.out(`${paint(terminal, 'bold', scenario[language].title)}\n`);
      const report = await runScenario(scenario, { target, edge: urls.gateway, traffic, verify });
      survived &&= report.survived;
      terminal.out(switches.has('json') ? `${JSON.stringify(report)}\n` : text(report, scenario, context));
    }
    return survived ? exitCodes.ok : exitCodes.invariant;
  },
};

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((scenario) => scenario.name);
  const meant = nearest(name, names);
  throw dureErrors.USAGE(
    `there is no scenario "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}; there are ${names.join(', ')}`,
  );
}

function told(listed: readonly { readonly name: string; readonly title: string; readonly lesson: string }[]): string {
  return listed.map(({ name, title, lesson }) => `${name}: ${title}\n  ${lesson}`).join('\n\n');
}

function text(report: ChaosReport, scenario: Scenario, { terminal, language }: CommandContext): string {
  const words = messages[language].chaos;
  const { done, readyAfterMs, traffic, invariants, survived } = report;
  const held = invariants.filter(({ holds }) => holds).length;
  const facts = [
    [words.done, done.join(', ') || '–'],
    [words.ready, readyAfterMs === undefined ? words.notReady : `${seconds(readyAfterMs)} s`],
    ...(traffic === undefined ? [] : [[words.traffic, words.failed(traffic.failed, traffic.requests)]]),
    [words.invariants, messages[language].verdict(held, invariants.length)],
  ];
  const broken = invariants.flatMap(({ name, holds, violations }) =>
    holds ? [] : [`  ${paint(terminal, 'red', `✗ ${name}`)}`, ...violations.map((violation) => `      ${violation}`)],
  );
  const failures = Object.entries(traffic?.failures ?? {})
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostFailures)
    .map(([how, count]) => `      ${count} × ${how}`);
  const outcome = survived
    ? paint(terminal, 'green', `✓ ${words.survived}`)
    : paint(terminal, 'red', `✗ ${words.lost}`);
  const lines = [...alignColumns(facts).map((line) => `  ${line}`), ...failures, ...broken, `  ${outcome}`, ''];
  return `${[...lines, `  ${scenario[language].lesson}`, '', ''].join('\n')}`;
}
