import { messageOf } from '@dure/core';
import type { Enum, Field, Type } from 'protobufjs';
import protobuf from 'protobufjs';
import protoJson from 'protobufjs/ext/protojson.js';
import { grpcErrors } from '../grpc-errors.ts';

/** The field of a message that JSON calls so: its JSON name, or the name in the `.proto` file. */
export function fieldNamed({ fieldsArray }: Type, name: string): Field | undefined {
  return fieldsArray.find((field) => field.resolve().jsonName === name || field.protoName === name);
}

/** The bytes of the message that a value of JSON is (ProtoJSON). GRPC_MESSAGE_INVALID names the field, never its value. */
export function encodeMessage(type: Type, value: unknown): Uint8Array {
  try {
    return type.encode(protoJson.fromJson(type, value)).finish();
  } catch (cause) {
    throw invalid(type, messageOf(cause));
  }
}

/**
 * The value of JSON that a message is. Fields that have no presence are there with their defaults, as contracts and
 * documents promise them: protobuf does not send them. Throws what the decoder says.
 */
export function decodeMessage(type: Type, bytes: Uint8Array): unknown {
  return withDefaults(type, protoJson.toJson(type, type.decode(bytes)));
}

function invalid(type: Type, said: string) {
  const [, name, what = said, value] = /^(\.[\w.]+): ([^:]+)(?:: ([\s\S]*))?$/.exec(said) ?? [];
  const place = (name ?? type.fullName).slice(1);
  const message = what === 'unknown field' ? `${what} ${(value ?? '').slice(0, 100)}` : what;
  return grpcErrors.MESSAGE_INVALID(`${place}: ${message}`, {
    details: { errors: [{ path: place, code: 'invalid', message }] },
  });
}

type Members = Record<string, unknown>;

function withDefaults(type: Type, value: unknown): unknown {
  if (type.fullName.startsWith('.google.protobuf.')) return value;
  const members = value as Members;
  for (const field of type.fieldsArray) {
    const { jsonName, repeated, map, resolvedType } = field.resolve();
    const member = members[jsonName];
    if (member === undefined) {
      const standing = map ? {} : repeated ? [] : defaultOf(field);
      if (standing !== undefined) members[jsonName] = standing;
    } else if (resolvedType instanceof protobuf.Type) {
      if (repeated) for (const one of member as unknown[]) withDefaults(resolvedType, one);
      else if (map) for (const one of Object.values(member as Members)) withDefaults(resolvedType, one);
      else withDefaults(resolvedType, member);
    }
  }
  return members;
}

/** What JSON has for a field that was not sent; undefined when that it was not sent says something. */
function defaultOf(field: Field): unknown {
  const { type, resolvedType } = field;
  if (field.hasPresence || resolvedType instanceof protobuf.Type) return undefined;
  if (resolvedType !== null) return nameOfZero(resolvedType);
  if (type === 'string' || type === 'bytes') return '';
  if (type === 'bool') return false;
  return /64$/.test(type) ? '0' : 0;
}

function nameOfZero({ fullName, valuesById }: Enum): unknown {
  return fullName === '.google.protobuf.NullValue' ? null : (valuesById[0] ?? 0);
}
