import { wait } from '@dure/core';
import type { Replay } from '@dure/messaging';
import type { Foreseen } from '@dure/messaging/replay';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command, CommandContext } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';
import { whoOf, whoOptions } from './who.ts';

const pollMs = 500;
const steps: ReadonlySet<string> = new Set(['pause', 'resume', 'skip', 'cancel']);
type Manage = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<unknown>;

/** `dure replay`: delivers past events once more to a reaction that is marked for it, and shows how far that is. */
export const replay: Command = {
  spec: {
    name: 'replay',
    positional: '<service> [pause|resume|skip|cancel] [id]',
    repeats: true,
    options: {
      reaction: { value: '<name>', en: 'the reaction, where there are several', ko: '반응의 이름(여러 개일 때)' },
      'from-time': {
        value: '<time>',
        en: 'what was written since, such as 2026-11-28T09:00Z',
        ko: '이 시각 이후에 기록된 것(예: 2026-11-28T09:00Z)',
      },
      'from-position': { value: '<n>', en: 'what stands in the log from there', ko: '로그의 이 위치부터' },
      key: { value: '<key>', en: 'what has this key', ko: '이 키를 가진 것만' },
      'dry-run': { en: 'only tell what it would deliver', ko: '무엇을 전달할지만 표시' },
      ...whoOptions,
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'deliver past events once more to a reaction that allows it; show how far that is',
    ko: '허용된 반응에 지난 이벤트를 다시 전달하고 진행 상황 표시',
  },
  async run(line, context) {
    const [service, step, id] = line.positionals;
    if (service === undefined) throw dureErrors.USAGE('`dure replay` needs to know whose: `dure replay <service>`');
    const stateFolder = await stateFolderOf(context.folder, line.values.get('system'), line.values.get('state'));
    const manage: Manage = (method, path, body) =>
      askSupervisor(stateFolder, { ask: 'manage', service, method, path, body });
    if (step !== undefined) return change(line, manage, { step, id }, context);
    const what = wishOf(line);
    if (what === undefined) return list(await manage('GET', 'replays'), service, line, context);
    if (line.switches.has('dry-run'))
      return foretell(await manage('POST', 'replays', { ...what, dryRun: true }), line, context);
    return follow((await manage('POST', 'replays', { ...what, ...whoOf(line) })) as Replay, manage, line, context);
  },
};

/** Undefined when nothing is to be delivered. */
function wishOf({ values }: CommandLine) {
  const [reaction, key] = [values.get('reaction'), values.get('key')];
  const [time, position] = [values.get('from-time'), values.get('from-position')];
  if (key === undefined && time === undefined && position === undefined) return undefined;
  const fromTime = time === undefined ? undefined : Date.parse(time);
  if (Number.isNaN(fromTime)) throw dureErrors.USAGE(`\`--from-time ${time}\` is no time such as 2026-11-28T09:00Z`);
  const fromPosition = position === undefined ? undefined : Number(position);
  if (fromPosition !== undefined && !Number.isSafeInteger(fromPosition))
    throw dureErrors.USAGE(`\`--from-position ${position}\` is no whole number`);
  return { reaction, key, fromTime, fromPosition };
}

/** Shows how far it is until it is done. It goes on without us. */
async function follow(begun: Replay, manage: Manage, line: CommandLine, context: CommandContext): Promise<number> {
  const { terminal, language, clock, interrupted } = context;
  const text = messages[language].replays;
  let current = begun;
  let told = '';
  while (current.state === 'running') {
    const progress = text.progress(current.reaction, current.position, current.upTo, current.applied, current.held);
    if (progress !== told && !line.switches.has('json')) terminal.err(`${progress}\n`);
    told = progress;
    if (!(await wait(clock, pollMs, interrupted))) {
      terminal.err(`${text.goesOn(current.id)}\n`);
      return exitCodes.ok;
    }
    current = (await manage('GET', `replays/${current.id}`)) as Replay;
  }
  terminal.out(line.switches.has('json') ? `${JSON.stringify(current)}\n` : `${ended(current, language)}\n`);
  return current.state === 'stopped' ? exitCodes.job : exitCodes.ok;
}

function ended({ reaction, state, applied, error, id }: Replay, language: Language): string {
  const text = messages[language].replays;
  if (state === 'stopped') return text.stopped(reaction, id, error?.id ?? '', error?.message ?? '');
  return state === 'done' ? text.done(reaction, applied) : text.paused(reaction, id);
}

async function change(
  line: CommandLine,
  manage: Manage,
  { step, id }: { readonly step: string; readonly id: string | undefined },
  { terminal, language }: CommandContext,
): Promise<number> {
  if (!steps.has(step) || id === undefined)
    throw dureErrors.USAGE('a replay is steered by `dure replay <service> pause|resume|skip|cancel <id> --why <why>`');
  const answer = await manage('POST', `replays/${id}`, { do: step, ...whoOf(line) });
  terminal.out(line.switches.has('json') ? `${JSON.stringify(answer)}\n` : `${messages[language].done}\n`);
  return exitCodes.ok;
}

function foretell(answer: unknown, { switches }: CommandLine, { terminal, language }: CommandContext): number {
  const found = answer as Foreseen & { readonly reaction: string };
  const { reaction, messages: many, keys, complete } = found;
  const text = messages[language].replays.would(reaction, many, keys, complete);
  terminal.out(switches.has('json') ? `${JSON.stringify(found)}\n` : `${text}\n`);
  return exitCodes.ok;
}

interface Listed {
  readonly reactions: readonly { readonly name: string; readonly event: string; readonly source: string }[];
  readonly replays: readonly Replay[];
}

function list(
  answer: unknown,
  service: string,
  { switches }: CommandLine,
  { terminal, language }: CommandContext,
): number {
  const { reactions, replays } = answer as Listed;
  const text = messages[language].replays;
  const rows = replays.map(({ id, reaction, state, position, upTo, applied, held, actions: [first], error }) => [
    id,
    reaction,
    text.states[state],
    `${position}/${upTo}`,
    String(applied),
    String(held),
    first === undefined ? '' : `${first.by}: ${first.why}`,
    error?.message ?? '',
  ]);
  const names =
    reactions.length === 0
      ? [text.none(service)]
      : reactions.map(({ name, event, source }) => text.may(name, event, source));
  const table = rows.length === 0 ? [] : ['', ...alignColumns([text.columns, ...rows])];
  terminal.out(switches.has('json') ? `${JSON.stringify(answer)}\n` : `${[...names, ...table].join('\n')}\n`);
  return exitCodes.ok;
}
