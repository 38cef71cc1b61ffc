import { checkName } from './check-route.ts';
import type { Document, Place } from './open-api-source/document.ts';
import { at, isObject, itemsOf, membersOf, refuse, resolved } from './open-api-source/document.ts';
import type { OperationText } from './open-api-source/operation-text.ts';
import { bindings, inexpressible, operationText } from './open-api-source/operation-text.ts';
import { schemaNames } from './open-api-source/schema-names.ts';
import { camelCase, comment, freeName, objectText, text } from './open-api-source/source-text.ts';

/** How a document becomes a contract. */
export interface ContractSourceOptions {
  /** The service's name in the contract: `petstore`. */
  readonly name: string;
  /** Operations to write, by `operationId` or by their name in the contract; default all. */
  readonly only?: readonly string[];
}

/**
 * Writes the contract of a foreign service, as the text of a TypeScript module, from its OpenAPI 3.0 or 3.1 document. What
 * cannot be said (`multipart`, schemas that contain themselves, `not` and the like) is refused as a whole:
 * SERVICE_DOCUMENT_INEXPRESSIBLE with a JSON Pointer and a reason for each, in `details.problems`.
 *
 * Declared 4xx answers become refusals, but for 401, 403, 408 and 429, which are the same for everybody. Every operation is
 * `public`, for no token of ours concerns a foreign service: its own credentials are sent by a policy's `headers`.
 *
 * @example
 * await writeFile('petstore.ts', contractSource(JSON.parse(document), { name: 'petstore' }));
 */
export function contractSource(document: unknown, options: ContractSourceOptions): string {
  checkName('service', options.name);
  const reading = read(document);
  const root: Place = { value: reading.root, pointer: '#' };
  const constant = constantOf(options.name);
  const schemas = schemaNames(reading, new Set([constant]));
  const operations = operationsOf(reading, root, options.only, schemas);
  if (operations.length === 0 && reading.problems.length === 0)
    refuse(
      reading,
      at(root, 'paths'),
      `there is no operation${options.only === undefined ? '' : ' of those asked for'}`,
    );
  if (reading.problems.length > 0) throw inexpressible(reading);
  const imports = new Set(['contract', ...operations.map(({ binding }) => binding)]);
  if (operations.some(({ usesBytes }) => usesBytes)) imports.add('bytes');
  const lines = operations.map(({ source }) => `  ${source.replaceAll('\n', '\n  ')}`);
  return [
    ...headOf(root),
    `import { ${[...imports].sort().join(', ')} } from '@dure/service/contract';`,
    `import { z } from 'zod';`,
    '',
    ...schemas.declarations().flatMap((declaration) => [declaration, '']),
    `export const ${constant} = contract(`,
    `  ${text(options.name)},`,
    '  {',
    ...lines.map((line) => line.replaceAll(/^/gm, '  ')),
    '  },',
    `  ${objectText([
      ['baseUrl', baseUrlOf(root)],
      ['foreign', 'true'],
    ]).replaceAll('\n', '\n  ')},`,
    ');',
    '',
  ].join('\n');
}

function read(document: unknown): Document {
  const problems: Document['problems'] = [];
  const root = isObject(document) ? document : {};
  const stated = String(root.openapi ?? root.swagger ?? 'none');
  const reading: Document = { root, problems };
  if (/^3\.[01]\./.test(stated)) return reading;
  problems.push({ pointer: '#/openapi', reason: `the version is ${text(stated)}, but must be 3.0 or 3.1` });
  throw inexpressible(reading);
}

function operationsOf(
  document: Document,
  root: Place,
  only: readonly string[] | undefined,
  schemas: ReturnType<typeof schemaNames>,
): readonly OperationText[] {
  const operations: OperationText[] = [];
  const taken = new Set<string>();
  for (const [path, given] of membersOf(at(root, 'paths'))) {
    if (path.startsWith('x-')) continue;
    const item = resolved(document, given);
    for (const [method, place] of membersOf(item)) {
      if (!isMethod(method) || !isWanted(only, path, method, place)) continue;
      if (!(method in bindings)) {
        refuse(document, place, `a contract has no ${method.toUpperCase()}`);
        continue;
      }
      const written = operationText(document, schemas, { path, method, item });
      const name = freeName(written.name, taken);
      taken.add(name);
      operations.push({ ...written, name, source: written.source.replace(`${written.name}: `, `${name}: `) });
    }
  }
  return operations;
}

function isMethod(key: string): boolean {
  return /^(get|post|put|patch|delete|head|options|trace)$/.test(key);
}

function isWanted(only: readonly string[] | undefined, path: string, method: string, { value }: Place): boolean {
  if (only === undefined) return true;
  const id = isObject(value) && typeof value.operationId === 'string' ? value.operationId : `${method} ${path}`;
  return only.includes(id) || only.includes(camelCase(id, 'operation'));
}

/** Title, version and how it wants to be authenticated. */
function headOf(root: Place): readonly string[] {
  const info = at(root, 'info');
  const title = `${at(info, 'title').value ?? 'a service without a title'} ${at(info, 'version').value ?? ''}`;
  const schemes = membersOf(at(at(root, 'components'), 'securitySchemes')).map(([name, { value }]) => {
    const { type, scheme, in: where, name: field } = isObject(value) ? value : {};
    return comment(
      `credentials "${name}" (${[type, scheme, where, field].filter(Boolean).join(' ')}): send them by \`with({}, { headers })\``,
    );
  });
  return [comment(`The contract of ${title}, written by \`dure add client\` from its OpenAPI document.`), ...schemes];
}

function baseUrlOf(root: Place): string | undefined {
  const [server] = itemsOf(at(root, 'servers'));
  if (server === undefined) return undefined;
  const url = String(at(server, 'url').value ?? '').replaceAll(/\{([^}]*)\}/g, (_, name: string) =>
    String(at(at(at(server, 'variables'), name), 'default').value ?? name),
  );
  return URL.canParse(url) ? text(url.replace(/\/$/, '')) : undefined;
}

const taken: ReadonlySet<string> = new Set(
  'z contract bytes get post put patch remove default delete new class function import export return switch void with'.split(
    ' ',
  ),
);

function constantOf(name: string): string {
  const constant = camelCase(name, 'service');
  return taken.has(constant) ? `${constant}Service` : constant;
}
