import { serviceErrors } from '../../errors.ts';
import type { Document, Place } from './document.ts';
import { at, isObject, itemsOf, membersOf, refuse, resolved } from './document.ts';
import { camelCase, comment, listText, objectText, text } from './source-text.ts';
import type { NamedSchemas } from './zod-text.ts';
import { zodText } from './zod-text.ts';

/** One operation as it is written in a contract. */
export interface OperationText {
  readonly name: string;
  /** `get`, `post`, … of the contract language. */
  readonly binding: string;
  readonly source: string;
  readonly usesBytes: boolean;
}

/** The methods of a path that a contract knows, and their words. */
export const bindings: Readonly<Record<string, string>> = {
  get: 'get',
  post: 'post',
  put: 'put',
  patch: 'patch',
  delete: 'remove',
};

interface Parameter {
  readonly name: string;
  readonly where: string;
  readonly isRequired: boolean;
  readonly place: Place;
}

/** Writes the operation of a method of a path. What a contract cannot say is refused. */
export function operationText(
  document: Document,
  named: NamedSchemas,
  { path, method, item }: { readonly path: string; readonly method: string; readonly item: Place },
): OperationText {
  const place = at(item, method);
  const operation = isObject(place.value) ? place.value : {};
  const name = camelCase(String(operation.operationId ?? `${method} ${path.replaceAll('{', ' by ')}`), 'operation');
  const parameters = parametersOf(document, item, place);
  const schema = (inner: Place) => zodText(document, named, inner);
  const body = bodyText(document, at(place, 'requestBody'), method, schema);
  const answer = answerText(document, at(place, 'responses'), schema);
  const binding = bindings[method] ?? method;
  const spec = objectText([
    ['params', partText(document, parameters, 'path', schema)],
    ['query', partText(document, parameters, 'query', schema)],
    ['body', body],
    ['output', answer.output],
    ['stream', answer.isStream ? 'true' : undefined],
    ['status', answer.status],
    ['refuses', answer.refuses],
    ['access', `'public'`],
    ['idempotent', parameters.some(isIdempotencyKey) ? `'key'` : undefined],
    ['summary', typeof operation.summary === 'string' ? text(operation.summary) : undefined],
  ]);
  const notes = parameters
    .filter(needsHeader)
    .map(({ name: header, where, isRequired }) =>
      comment(`${isRequired ? 'needs' : 'takes'} the ${where} "${header}": send it by a policy's \`headers\``),
    );
  return {
    name,
    binding,
    source: [
      ...notes,
      `${name}: ${binding}(${text(pathText(document, at(at({ value: document.root, pointer: '#' }, 'paths'), path), path))}, ${spec}),`,
    ].join('\n'),
    usesBytes: [body, answer.output].some((part) => part?.startsWith('bytes(') === true),
  };
}

function pathText(document: Document, place: Place, path: string): string {
  if (!/^(\/([A-Za-z0-9._~-]+|\{[^{}/]+\}))+\/?$|^\/$/.test(path))
    refuse(document, place, 'a path is made of whole segments, each a text or a parameter');
  return path.replaceAll(/\{([^}]*)\}/g, (_, name: string) => `:${camelCase(name, 'parameter')}`);
}

function parametersOf(document: Document, item: Place, operation: Place): readonly Parameter[] {
  const byKey = new Map<string, Parameter>();
  for (const given of [...itemsOf(at(item, 'parameters')), ...itemsOf(at(operation, 'parameters'))]) {
    const place = resolved(document, given);
    if (!isObject(place.value)) continue;
    const { name, in: where, required } = place.value;
    const parameter = { name: String(name), where: String(where), isRequired: required === true, place };
    byKey.set(`${parameter.where} ${parameter.name}`, parameter);
  }
  return [...byKey.values()];
}

/** Header fields that OpenAPI itself says are none of a parameter's business. */
const ownHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization', 'idempotency-key']);

function needsHeader({ where, name }: Parameter): boolean {
  return where === 'cookie' || (where === 'header' && !ownHeaders.has(name.toLowerCase()));
}

function isIdempotencyKey({ where, name }: Parameter): boolean {
  return where === 'header' && name.toLowerCase() === 'idempotency-key';
}

function partText(
  document: Document,
  parameters: readonly Parameter[],
  where: 'path' | 'query',
  schema: (place: Place) => string,
): string | undefined {
  const members = parameters.filter((parameter) => parameter.where === where);
  if (members.length === 0) return undefined;
  return `z.object(${objectText(
    members.map((parameter) => {
      const { name, isRequired, place } = parameter;
      checkStyle(document, parameter);
      const value = schema(at(place, 'schema'));
      return where === 'path'
        ? ([camelCase(name, 'parameter'), value] as const)
        : ([name, isRequired ? value : `${value}.optional()`] as const);
    }),
  )})`;
}

/** Queries are written as `?tag=a&tag=b`, paths as they are. */
function checkStyle(document: Document, { where, place }: Parameter): void {
  const { value } = place;
  if (!isObject(value)) return;
  const usual = where === 'path' ? 'simple' : 'form';
  if (value.content !== undefined)
    refuse(document, at(place, 'content'), 'a parameter is a text, not a document of its own');
  if (value.style !== undefined && value.style !== usual)
    refuse(document, at(place, 'style'), `the only style of a ${where} parameter is \`${usual}\``);
  const { value: schema } = resolved(document, at(place, 'schema'));
  const type = isObject(schema) ? schema.type : undefined;
  if (type === 'object')
    refuse(document, at(place, 'schema'), 'a parameter is a text or a list of texts, not an object');
  if (type === 'array' && (where === 'path' || value.explode === false))
    refuse(document, at(place, 'explode'), 'a list is written by repeating its parameter, in the query');
}

function bodyText(
  document: Document,
  given: Place,
  method: string,
  schema: (place: Place) => string,
): string | undefined {
  if (given.value === undefined) return undefined;
  if (method === 'get') refuse(document, given, 'a GET has no body');
  const content = at(resolved(document, given), 'content');
  const media = membersOf(content);
  const json = media.find(([type]) => isJson(type) || type === '*/*');
  if (json !== undefined) return schema(at(json[1], 'schema'));
  const forms = media.filter(([type]) => /^(multipart\/|application\/x-www-form-urlencoded)/.test(type));
  if (media.length === 0 || forms.length === media.length) {
    refuse(document, content, 'a body is JSON or raw bytes; forms (multipart, urlencoded) are not among them');
    return undefined;
  }
  return bytesText(media.filter((entry) => !forms.includes(entry)).map(([type]) => type));
}

interface AnswerText {
  readonly output: string | undefined;
  readonly isStream: boolean;
  readonly status: string | undefined;
  readonly refuses: string | undefined;
}

function answerText(document: Document, responses: Place, schema: (place: Place) => string): AnswerText {
  const all = membersOf(responses).map(([status, place]) => [status, resolved(document, place)] as const);
  const good = all.filter(([status]) => /^2(\d\d|XX)$/i.test(status));
  const successes = good.length === 0 ? all.filter(([status]) => status === 'default') : good;
  if (successes.length === 0) refuse(document, responses, 'no answer of success (2xx or `default`) is declared');
  const outputs = successes.map(([, place]) => outputText(place, schema));
  const distinct = [...new Set(outputs.map((output) => output?.text))];
  if (distinct.length > 1) refuse(document, responses, 'the answers of success differ; an operation has one output');
  const status = /^\d{3}$/.exec(successes[0]?.[0] ?? '')?.[0];
  const usual = outputs[0] === undefined ? '204' : '200';
  return {
    output: outputs[0]?.text,
    isStream: outputs[0]?.isStream ?? false,
    status: status === usual ? undefined : status,
    refuses: refusalsText(all, schema),
  };
}

function outputText(
  response: Place,
  schema: (place: Place) => string,
): { readonly text: string; readonly isStream: boolean } | undefined {
  const media = membersOf(at(response, 'content'));
  if (media.length === 0) return undefined;
  const json = media.find(([type]) => isJson(type) || type === '*/*');
  if (json !== undefined) return { text: schema(at(json[1], 'schema')), isStream: false };
  const events = media.find(([type]) => type.startsWith('text/event-stream'));
  if (events !== undefined) return { text: schema(at(events[1], 'schema')), isStream: true };
  return { text: bytesText(media.map(([type]) => type)), isStream: false };
}

/** Declared answers that are the business's own; signing in, limits and failures are everybody's. */
const refusalNames: Readonly<Record<string, string>> = {
  400: 'BadRequest',
  402: 'PaymentRequired',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'TooLarge',
  415: 'UnsupportedMediaType',
  422: 'Unprocessable',
  423: 'Locked',
  428: 'PreconditionRequired',
};
const notRefusals: ReadonlySet<string> = new Set(['401', '403', '408', '429']);

function refusalsText(
  all: readonly (readonly [string, Place])[],
  schema: (place: Place) => string,
): string | undefined {
  const refusals = all.filter(([status]) => /^4\d\d$/.test(status) && !notRefusals.has(status));
  if (refusals.length === 0) return undefined;
  return objectText(
    refusals.map(([status, place]) => {
      const json = membersOf(at(place, 'content')).find(([type]) => isJson(type));
      const data = json === undefined ? 'z.unknown()' : schema(at(json[1], 'schema'));
      return [refusalNames[status] ?? `Status${status}`, `{ status: ${status}, data: ${data} }`] as const;
    }),
  );
}

function isJson(type: string): boolean {
  return /^application\/([\w.-]+\+)?json(;|$)/i.test(type);
}

function bytesText(types: readonly string[]): string {
  const plain = types.map((type) => (type.split(';')[0] ?? '').trim().toLowerCase());
  return `bytes({ type: ${plain.length === 1 ? text(plain[0] ?? '') : listText(plain.map(text))} })`;
}

/** The error of a document that says what a contract cannot. */
export function inexpressible({ problems }: Document): Error {
  const shown = problems.slice(0, 20).map(({ pointer, reason }) => `${pointer}: ${reason}`);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  return serviceErrors.DOCUMENT_INEXPRESSIBLE([...shown, ...more].join('; '), { details: { problems } });
}
