import { readFile } from 'node:fs/promises';
import type { ParkedKeyView, ParkedMessageView } from '@dure/messaging';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { stateFolderOf } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { alignColumns } from './text-width.ts';
import { whoOf, whoOptions } from './who.ts';

/** `dure parked`: messages that could not be applied, and what is to become of them. */
export const parked: Command = {
  spec: {
    name: 'parked',
    positional: '[retry|edit|skip] [service] [source]',
    repeats: true,
    options: {
      key: { value: '<key>', en: 'the key whose messages wait', ko: '대기 중인 메시지의 키' },
      id: { value: '<id>', en: 'the message to edit or skip', ko: '수정하거나 건너뛸 메시지' },
      data: {
        value: '<file>',
        en: 'a JSON file with the data to apply instead',
        ko: '대신 적용할 데이터가 든 JSON 파일',
      },
      ...whoOptions,
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'show the messages that could not be applied; retry, correct or skip them',
    ko: '적용하지 못한 메시지를 보고 재시도, 수정, 건너뛰기',
  },
  async run(line, { folder, terminal, language }) {
    const stateFolder = await stateFolderOf(folder, line.values.get('system'), line.values.get('state'));
    const [first = ''] = line.positionals;
    const isJson = line.switches.has('json');
    if (first === 'retry' || first === 'edit' || first === 'skip') {
      const answer = await change(first, line, stateFolder);
      terminal.out(isJson ? `${JSON.stringify(answer)}\n` : `${messages[language].done}\n`);
      return exitCodes.ok;
    }
    const found = await list(line, stateFolder);
    terminal.out(isJson ? `${JSON.stringify(found)}\n` : table(found, language));
    return exitCodes.ok;
  },
};

interface Found {
  readonly service: string;
  readonly parked: readonly ParkedKeyView[];
  readonly messages?: readonly ParkedMessageView[];
}

async function list({ positionals, values }: CommandLine, stateFolder: string): Promise<readonly Found[]> {
  const [service, source] = positionals;
  const query = new URLSearchParams();
  if (source !== undefined) query.set('source', source);
  const key = values.get('key');
  if (key !== undefined) query.set('key', key);
  const path = `deliveries/parked?${query}`;
  const answers = await askSupervisor(stateFolder, { ask: 'manage-each', method: 'GET', path });
  const wanted = answers.filter((answer) => service === undefined || answer.service === service);
  if (wanted.length === 0 && service !== undefined)
    throw dureErrors.SERVICE_UNKNOWN(`no process of a service "${service}" that has deliveries is ready`);
  return wanted.map(({ service: name, body }) => ({ service: name, ...(body as Omit<Found, 'service'>) }));
}

async function change(what: 'retry' | 'edit' | 'skip', line: CommandLine, stateFolder: string): Promise<unknown> {
  const [, service, source] = line.positionals;
  const [key, id, file] = ['key', 'id', 'data'].map((name) => line.values.get(name));
  if (service === undefined || source === undefined || (what !== 'retry' && id === undefined))
    throw dureErrors.USAGE(
      `\`dure parked ${what}\` needs to know what: \`dure parked ${what} <service> <source> ${what === 'retry' ? '[--key <key>]' : '--id <id>'} --why <why>\``,
    );
  if (what === 'edit' && file === undefined)
    throw dureErrors.USAGE('`dure parked edit` needs the data to apply instead: `--data <file>`, a JSON file');
  const data = file === undefined ? undefined : await jsonIn(file);
  const body = { do: what, source, key, id, data, ...whoOf(line) };
  return askSupervisor(stateFolder, { ask: 'manage', service, method: 'POST', path: 'deliveries/parked', body });
}

async function jsonIn(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw dureErrors.USAGE(
      `\`--data ${file}\` is no file with JSON: ${cause instanceof Error ? cause.message : cause}`,
    );
  }
}

function table(found: readonly Found[], language: Language): string {
  const text = messages[language];
  const rows = found.flatMap(({ service, parked: keys }) =>
    keys.map(({ source, key, state, messages: waiting, attempts, error, first }) => [
      service,
      source,
      key,
      text.parkedStates[state],
      String(waiting),
      String(attempts),
      `${first.type} ${first.id}`,
      error.message.slice(0, 80),
    ]),
  );
  if (rows.length === 0) return `${text.nothingParked}\n`;
  const bodies = found.flatMap(({ messages: waiting = [] }) =>
    waiting.map(({ message, edited }) => `${message.id} ${JSON.stringify(edited?.data ?? message.data)}`),
  );
  return `${[...alignColumns([text.parkedColumns, ...rows]), ...bodies].join('\n')}\n`;
}
