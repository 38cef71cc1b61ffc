import type { HttpOperation, InputParts } from '@dure/service/contract';
import { checkedInput } from '@dure/service/contract';
import type { Type } from 'protobufjs';
import protobuf from 'protobufjs';
import { grpcErrors } from '../grpc-errors.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { encodeMessage, fieldNamed } from './message-json.ts';

/** What of a request becomes fields of a message. */
export interface RequestParts {
  readonly variables: Readonly<Record<string, string>>;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Undefined when there is none. */
  readonly body: unknown;
}

type Members = Record<string, unknown>;

/**
 * The message that a request is, as google.api.http has it with `body: "*"`: the body fills it, or the field that the
 * binding names; parameters of the query fill fields of their names (`filter.size` a nested one); what the path says
 * counts before all else. The contract is held first, as a service of ours would hold it: what it does not declare goes
 * nowhere. SERVICE_INPUT_INVALID, GRPC_MESSAGE_INVALID.
 */
export function requestMessage(
  operation: HttpOperation,
  { input, body: bodyField }: GrpcMethod,
  { variables, query, body }: RequestParts,
): Uint8Array {
  const checked = checkedInput(operation, { params: variables, query: queryOf(query), body });
  const members: Members = bodyField === undefined ? wholeBody(input, checked) : membersOf({});
  if (bodyField !== undefined && checked.body !== undefined) members[bodyField] = checked.body;
  for (const [name, value] of Object.entries(checked.query ?? {})) fill(input, members, name.split('.'), value);
  for (const [name, value] of Object.entries(checked.params ?? {})) {
    for (const alias of aliases(input, name)) delete members[alias];
    fill(input, members, [name], value);
  }
  return encodeMessage(input, members);
}

function wholeBody({ fullName }: Type, { body }: InputParts): Members {
  if (body === undefined) return membersOf({});
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return membersOf(body);
  throw grpcErrors.MESSAGE_INVALID(`${fullName.slice(1)}: expected object`);
}

/** Inherits nothing, so that `__proto__` is a name like any other. */
function membersOf(value: object): Members {
  return Object.assign(Object.create(null) as Members, value);
}

function fill(type: Type, members: Members, [name = '', ...inner]: readonly string[], value: unknown): void {
  if (value === undefined) return;
  const field = fieldNamed(type, name);
  const taken = aliases(type, name).find((alias) => Object.hasOwn(members, alias));
  const { resolvedType } = field ?? {};
  if (inner.length > 0 && resolvedType instanceof protobuf.Type && !field?.repeated && !field?.map) {
    const before = taken === undefined ? {} : members[taken];
    if (typeof before !== 'object' || before === null) throw twice(type, name);
    const nested = membersOf(before);
    members[taken ?? name] = nested;
    fill(resolvedType, nested, inner, value);
    return;
  }
  if (taken !== undefined) throw twice(type, name);
  // What is no field is left for the encoder to name.
  const fieldName = [name, ...inner].join('.');
  const one = field?.type === 'bool' ? booleanOf(value) : value;
  members[fieldName] = field?.repeated === true && !Array.isArray(one) ? [one] : one;
}

/** What a field may be called in JSON. */
function aliases(type: Type, name: string): readonly string[] {
  const field = fieldNamed(type, name);
  return field === undefined ? [name] : [field.jsonName, field.protoName];
}

/** ProtoJSON reads numbers from text, but no booleans; in a query all is text. */
function booleanOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(booleanOf);
  return value === 'true' ? true : value === 'false' ? false : value;
}

function twice({ fullName }: Type, name: string) {
  const place = `${fullName.slice(1)}.${name}`;
  return grpcErrors.MESSAGE_INVALID(`${place}: is both in the query and in the body`, {
    details: { errors: [{ path: place, code: 'invalid', message: 'is both in the query and in the body' }] },
  });
}

function queryOf(query: string): Readonly<Record<string, string | readonly string[]>> {
  const found = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(found);
}
