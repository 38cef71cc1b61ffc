import type { Decision } from '@dure/flags';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { ManagementAnswer } from '../supervisor/control-server.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';

/** `dure flags`: the feature flags of all services; what one of them is for somebody, by which rule, and where that stands. */
export const flags: Command = {
  spec: {
    name: 'flags',
    positional: '[flag]',
    options: {
      user: { value: '<id>', en: 'for this user', ko: '이 사용자 기준' },
      role: { value: '<role,…>', en: 'who has these roles', ko: '사용자의 역할' },
      key: { value: '<key>', en: 'or, for somebody who is no user, this key', ko: '사용자가 아니면 이 키 기준' },
      where: { value: '<name=value,…>', en: 'and these attributes', ko: '속성' },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'show feature flags; what one is for somebody, and why',
    ko: '기능 플래그 표시, 특정 사용자에게 어떤 값인지와 그 이유',
  },
  async run(line, { folder, terminal, language }) {
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    const [flag] = line.positionals;
    const ask = (path: string) => askSupervisor(stateFolder, { ask: 'manage-each', method: 'GET', path });
    const isJson = line.switches.has('json');
    if (flag === undefined) {
      const found = listed(await ask('flags'));
      terminal.out(isJson ? `${JSON.stringify(found)}\n` : table(found, language));
      return exitCodes.ok;
    }
    const [answers, configs] = await Promise.all([
      ask(`flags/${encodeURIComponent(flag)}?${askerOf(line)}`),
      ask('config'),
    ]);
    const found = explained(answers, configs, flag);
    if (found.length === 0)
      throw dureErrors.USAGE(`no service that runs has the flag "${flag}"; \`dure flags\` lists them`);
    terminal.out(isJson ? `${JSON.stringify(found)}\n` : decisions(found, language));
    return exitCodes.ok;
  },
};

interface ShownFlag {
  readonly name: string;
  readonly default: unknown;
  readonly value?: unknown;
  readonly rules: readonly unknown[];
}

interface ListedFlag extends ShownFlag {
  readonly service: string;
}

interface ExplainedFlag extends Decision<unknown> {
  readonly service: string;
  /** Where what decided stands; undefined when the code does. */
  readonly place: string | undefined;
}

function askerOf({ values }: CommandLine): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ['user', 'role', 'key']) {
    const value = values.get(name);
    if (value !== undefined) query.set(name, value);
  }
  for (const pair of values.get('where')?.split(',') ?? []) {
    const [name = '', value] = pair.split('=');
    if (value === undefined) throw dureErrors.USAGE(`\`--where\` takes name=value, not "${pair}"`);
    query.set(name, value);
  }
  return query;
}

function listed(answers: readonly ManagementAnswer[]): readonly ListedFlag[] {
  return answers.flatMap(({ service, body }) =>
    (body as { readonly flags: readonly ShownFlag[] }).flags.map((flag) => ({ service, ...flag })),
  );
}

function explained(
  answers: readonly ManagementAnswer[],
  configs: readonly ManagementAnswer[],
  flag: string,
): readonly ExplainedFlag[] {
  return answers.map(({ service, body }) => {
    const { decision } = body as { readonly decision: Decision<unknown> };
    const config = configs.find((one) => one.service === service)?.body as
      | { readonly keys: readonly { readonly key: string; readonly layer: string; readonly place: string }[] }
      | undefined;
    const at = `dure.flags.${flag}.${decision.rule === undefined ? 'value' : `rules.${decision.rule}.value`}`;
    const key = config?.keys.find((one) => one.key === at || one.key.startsWith(`${at}.`));
    return { service, ...decision, place: key === undefined ? undefined : `${key.layer} ${key.place}` };
  });
}

function table(found: readonly ListedFlag[], language: Language): string {
  const text = messages[language].flags;
  if (found.length === 0) return `${text.none}\n`;
  const rows = found.map(({ service, name, default: first, value, rules }) => [
    service,
    name,
    JSON.stringify(value ?? first),
    String(rules.length),
  ]);
  return `${alignColumns([text.columns, ...rows]).join('\n')}\n`;
}

function decisions(found: readonly ExplainedFlag[], language: Language): string {
  const text = messages[language].flags;
  const rows = found.map(({ service, value, reason, rule, place }) => [
    service,
    JSON.stringify(value),
    reason,
    rule === undefined ? '–' : String(rule + 1),
    place ?? text.inCode,
  ]);
  return `${alignColumns([text.decisionColumns, ...rows]).join('\n')}\n`;
}
