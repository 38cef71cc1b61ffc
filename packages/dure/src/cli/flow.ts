import { dureErrors } from '../errors.ts';
import { findSystem, loadDefinitions, loadSystem } from '../load-system.ts';
import { flowMaps, flowMermaid } from '../plan/flow-map.ts';
import type { Command } from './command.ts';
import { commonOptions, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';

/** `dure flow`: draws a flow that no one service leads. */
export const flow: Command = {
  spec: {
    name: 'flow',
    positional: '<name>',
    options: { ...systemOption, ...commonOptions },
    en: 'draw a flow of reactions over all services, as Mermaid or, with --json, as data',
    ko: '여러 서비스의 리액션으로 이어지는 흐름을 Mermaid로 출력(--json이면 데이터로)',
  },
  async run({ positional: name, values, switches }, { folder, terminal }) {
    const { system } = await loadSystem(await findSystem(folder, values.get('system')));
    const flows = flowMaps(await loadDefinitions(system));
    const names = flows.map((one) => one.name).join(', ') || 'none';
    if (name === undefined)
      throw dureErrors.USAGE(`\`dure flow\` needs to know which: \`dure flow <name>\`; there are ${names}`);
    const found = flows.find((one) => one.name === name);
    if (found === undefined)
      throw dureErrors.USAGE(`the system "${system.name}" has no flow "${name}"; it has ${names}`);
    terminal.out(switches.has('json') ? `${JSON.stringify(found, undefined, 2)}\n` : flowMermaid(found));
    return exitCodes.ok;
  },
};
