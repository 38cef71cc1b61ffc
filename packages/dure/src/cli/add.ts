import { readFile, writeFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { messageOf } from '@dure/core';
import { contractSource } from '@dure/service/contract-source';
import { dureErrors } from '../errors.ts';
import type { Command } from './command.ts';
import { commonOptions } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';

/** `dure add client <openapi.json>`: writes the contract of a foreign service from its OpenAPI document. */
export const add: Command = {
  spec: {
    name: 'add',
    positional: 'client <openapi.json>',
    repeats: true,
    options: {
      name: {
        value: '<name>',
        en: 'the service’s name in the contract (default: the file’s)',
        ko: '계약에서 쓸 서비스 이름(기본값: 파일 이름)',
      },
      only: {
        value: '<operation,…>',
        en: 'write these operations only, by operationId',
        ko: 'operationId로 지정한 오퍼레이션만 작성',
      },
      out: { value: '<file>', en: 'the file to write (default: <name>.ts)', ko: '작성할 파일(기본값: <이름>.ts)' },
      force: { en: 'replace the file if it is there', ko: '파일이 있으면 바꾸기' },
      ...commonOptions,
    },
    en: 'write the contract of a foreign service from its OpenAPI document',
    ko: '외부 서비스의 OpenAPI 문서로 계약 파일 작성',
  },
  async run({ positionals: [kind, file, ...more], values, switches }, { folder, terminal, language }) {
    if (kind !== 'client' || file === undefined || more.length > 0)
      throw dureErrors.USAGE('`dure add` adds a client: `dure add client <openapi.json>`');
    const document = await readDocument(resolve(folder, file));
    const name = values.get('name') ?? nameFrom(file);
    const only = values.get('only')?.split(',');
    const source = contractSource(document, { name, ...(only === undefined ? {} : { only }) });
    const target = resolve(folder, values.get('out') ?? `${name}.ts`);
    await write(target, source, switches.has('force'));
    const shown = relative(folder, target);
    terminal.out(
      switches.has('json')
        ? `${JSON.stringify({ event: 'written', file: target })}\n`
        : messages[language].wrote(shown),
    );
    return exitCodes.ok;
  },
};

async function readDocument(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    throw dureErrors.USAGE(`${path} is not a JSON document that can be read: ${messageOf(cause)}`, { cause });
  }
}

async function write(path: string, source: string, replaces: boolean): Promise<void> {
  try {
    await writeFile(path, source, { flag: replaces ? 'w' : 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const why = exists
      ? 'it is there already; name another with `--out`, or replace it with `--force`'
      : messageOf(cause);
    throw dureErrors.USAGE(`${path} cannot be written: ${why}`, { cause });
  }
}

function nameFrom(file: string): string {
  const words = basename(file)
    .replace(/(\.openapi)?\.[^.]*$/, '')
    .toLowerCase();
  return words.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '') || 'client';
}
