import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { openApi } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { asyncApi } from '../async-api/async-api.ts';
import { dureErrors } from '../errors.ts';
import type { Definitions } from '../load-system.ts';
import { findSystem, loadDefinitions, loadSystem } from '../load-system.ts';
import { emittersOf } from '../plan/message-flow.ts';
import type { System } from '../system.ts';
import type { Command } from './command.ts';
import { commonOptions, systemOption } from './command.ts';
import { exitCodes } from './exit-codes.ts';

/** `dure docs`: the documents of services, as AsyncAPI for their messages and OpenAPI for their operations. */
export const docs: Command = {
  spec: {
    name: 'docs',
    positional: '[service]',
    options: {
      openapi: {
        en: 'print the operations (OpenAPI 3.1) instead of the messages',
        ko: '메시지 대신 오퍼레이션(OpenAPI 3.1)을 출력',
      },
      out: {
        value: '<folder>',
        en: 'write both documents of the service, or of all, as <service>.asyncapi.json and <service>.openapi.json',
        ko: '서비스(생략하면 전부)의 두 문서를 <서비스>.asyncapi.json, <서비스>.openapi.json으로 작성',
      },
      ...systemOption,
      ...commonOptions,
    },
    en: 'print what a service sends and receives, as AsyncAPI 3.0',
    ko: '서비스가 주고받는 메시지를 AsyncAPI 3.0으로 출력',
  },
  async run({ positional, values, switches }, { folder, terminal }) {
    const { system } = await loadSystem(await findSystem(folder, values.get('system')));
    const definitions = await loadDefinitions(system);
    const chosen = chosenOf(positional, definitions);
    const out = values.get('out');
    if (out === undefined) {
      const [only] = chosen;
      if (only === undefined || chosen.length > 1)
        throw dureErrors.USAGE(
          `\`dure docs\` needs to know of which service, or \`--out <folder>\` for all; there are ${Object.keys(definitions).join(', ')}`,
        );
      const { messages, operations } = documentsOf(only, system, definitions);
      terminal.out(`${JSON.stringify(switches.has('openapi') ? operations : messages, undefined, 2)}\n`);
      return exitCodes.ok;
    }
    const target = resolve(folder, out);
    await mkdir(target, { recursive: true });
    const files = await Promise.all(chosen.map((one) => written(target, one, documentsOf(one, system, definitions))));
    const shown = files.flat().map((file) => relative(folder, file));
    terminal.out(
      switches.has('json') ? `${JSON.stringify({ event: 'written', files: shown })}\n` : `${shown.join('\n')}\n`,
    );
    return exitCodes.ok;
  },
};

function chosenOf(name: string | undefined, definitions: Definitions): readonly ServiceDefinition[] {
  if (name === undefined) return Object.values(definitions);
  const one = definitions[name];
  if (one !== undefined) return [one];
  throw dureErrors.SERVICE_UNKNOWN(`there is no service "${name}"; there are ${Object.keys(definitions).join(', ')}`, {
    details: { service: name },
  });
}

function documentsOf(definition: ServiceDefinition, system: System, definitions: Definitions) {
  const emitters = emittersOf(definitions);
  const { contract, metadata } = definition;
  const emitterOf = (event: string) => emitters.get(event);
  return {
    messages: asyncApi(definition, { system: system.name, broker: system.broker?.kind, emitterOf }),
    operations: openApi([contract], { title: contract.name, version: metadata.version ?? '1' }),
  };
}

async function written(
  folder: string,
  { contract: { name } }: ServiceDefinition,
  { messages, operations }: ReturnType<typeof documentsOf>,
): Promise<readonly string[]> {
  const files = [
    [join(folder, `${name}.asyncapi.json`), messages],
    [join(folder, `${name}.openapi.json`), operations],
  ] as const;
  await Promise.all(files.map(([file, document]) => writeFile(file, `${JSON.stringify(document, undefined, 2)}\n`)));
  return files.map(([file]) => file);
}
