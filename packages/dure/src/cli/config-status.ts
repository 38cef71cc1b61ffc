import { askSupervisor } from '../supervisor/control-client.ts';
import type { CommandContext } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';

/** What the config server answers of its instances and of its changes. */
interface RollOutStatus {
  readonly instances: readonly {
    readonly instance: string;
    readonly application: string;
    readonly version?: string;
    readonly since: number;
    readonly refused?: string;
  }[];
  readonly changes: readonly {
    readonly state: 'checking' | 'trying' | 'held';
    readonly targets: readonly { readonly target: string; readonly from: string; readonly to: string }[];
    readonly canaries: readonly string[];
    readonly reason?: string;
  }[];
}

/** `dure config status`: a table of instances and versions, and what is tried out or held. */
export async function configStatus(
  stateFolder: string,
  { switches }: CommandLine,
  { terminal, language }: CommandContext,
): Promise<number> {
  const manage = async (path: string) =>
    (await askSupervisor(stateFolder, { ask: 'manage', service: 'config', method: 'GET', path })) as object;
  const answer = { ...(await manage('rollout')), ...(await manage('rollout/instances')) } as RollOutStatus;
  terminal.out(switches.has('json') ? `${JSON.stringify(answer)}\n` : shown(answer, language));
  return exitCodes.ok;
}

function shown({ instances, changes }: RollOutStatus, language: Language): string {
  const text = messages[language].rollOut;
  const rows = instances.map(({ instance, application, version, since, refused }) => [
    application,
    instance,
    version ?? '–',
    new Date(since).toISOString().slice(0, 19).replace('T', ' '),
    refused === undefined ? '' : (refused.split('\n')[1] ?? refused).trim(),
  ]);
  const table = rows.length === 0 ? [text.nobody] : alignColumns([text.columns, ...rows]);
  const states = changes.map(({ state, targets, canaries, reason }) => {
    const what = targets.map(({ target, from, to }) => `${target} ${from} → ${to}`).join(', ');
    return `${text.states[state]}: ${what}${canaries.length === 0 ? '' : ` (${canaries.join(', ')})`}${reason === undefined ? '' : `\n  ${reason}`}`;
  });
  return `${[...table, ...(states.length === 0 ? [] : ['', ...states])].join('\n')}\n`;
}
