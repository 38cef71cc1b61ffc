import type { JsonSchema } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import type { AnyCommand, AnyEvent, RefusalSpecs } from '@dure/messaging';
import type { AnyContract, AnySchema, HttpOperation } from '../contract/index.ts';
import { isBytes } from '../contract/index.ts';
import { normalSchema, sameJson } from './normal-schema.ts';

/** How a value looks to who reads it, and, where that is something else, as it is written: with its defaults filled in. */
export interface ValueShape {
  readonly read: JsonSchema;
  readonly written?: JsonSchema;
}

/** A refusal as data. */
export interface RefusalShape {
  readonly status: number;
  readonly data: ValueShape;
}

/** An event as data. */
export interface EventShape {
  readonly version: number;
  /** The earlier versions that are brought up. */
  readonly upcasts?: readonly number[];
  readonly data: ValueShape;
  /** Whose code reads it. */
  readonly users: readonly string[];
}

/** A command as data. */
export interface CommandShape {
  readonly version: number;
  readonly upcasts?: readonly number[];
  readonly input: ValueShape;
  readonly output?: ValueShape;
  readonly refuses?: Readonly<Record<string, RefusalShape>>;
  /** Whose code sends it. */
  readonly users: readonly string[];
}

/** An operation over HTTP as data. */
export interface OperationShape {
  /** `GET /stock/:sku` */
  readonly route: string;
  readonly access: HttpOperation['spec']['access'];
  /** The header `Idempotency-Key` is demanded. */
  readonly key?: true;
  readonly stream?: true;
  readonly params?: ValueShape;
  readonly query?: ValueShape;
  readonly body?: ValueShape;
  readonly output?: ValueShape;
  readonly refuses?: Readonly<Record<string, RefusalShape>>;
  /** Whose code calls it. */
  readonly users: readonly string[];
}

/** A contract as data: all that others rely on, and who they are. */
export interface ContractShape {
  readonly events?: Readonly<Record<string, EventShape>>;
  readonly commands?: Readonly<Record<string, CommandShape>>;
  readonly operations?: Readonly<Record<string, OperationShape>>;
}

/** Says who uses a part of a contract. */
export type UsersOf = (part: 'events' | 'commands' | 'operations', name: string) => readonly string[];

/**
 * Writes a contract down as data, in an order that is always the same. CORE_SCHEMA_INEXPRESSIBLE when a schema has no form in JSON
 * Schema.
 */
export function contractShape({ emits, commands, operations }: AnyContract, usersOf: UsersOf): ContractShape {
  const users = (part: 'events' | 'commands' | 'operations', of: string) => [...new Set(usersOf(part, of))].sort();
  const events = emits.map((event) => [event.name, eventShape(event, users('events', event.name))] as const);
  const sent = Object.values(commands).map(
    (command) => [command.name, commandShape(command, users('commands', command.name))] as const,
  );
  const called = Object.values(operations).map(
    (operation) => [operation.name, operationShape(operation, users('operations', operation.name))] as const,
  );
  return {
    ...(events.length === 0 ? {} : { events: byName(events) }),
    ...(sent.length === 0 ? {} : { commands: byName(sent) }),
    ...(called.length === 0 ? {} : { operations: byName(called) }),
  };
}

function eventShape({ version, upcasts, schema, name }: AnyEvent, users: readonly string[]): EventShape {
  return { version, ...upcastsOf(upcasts), data: messageShape(schema, name), users };
}

function commandShape(command: AnyCommand, users: readonly string[]): CommandShape {
  const { service, name, version = 1, upcasts, input, output, refuses } = command;
  const title = `${service}.${name}`;
  return {
    version,
    ...upcastsOf(upcasts),
    input: messageShape(input, `${title} input`),
    ...(output === undefined ? {} : { output: messageShape(output, `${title} output`) }),
    ...refusalShapes(refuses, title),
    users,
  };
}

function operationShape({ service, name, method, path, idempotent, spec }: HttpOperation, users: readonly string[]) {
  const title = `${service}.${name}`;
  const inputs = (['params', 'query', 'body'] as const).flatMap((part) =>
    spec[part] === undefined ? [] : [[part, { read: schemaOf(spec[part], 'input', `${title} ${part}`) }] as const],
  );
  const shape: OperationShape = {
    route: `${method} ${path}`,
    access: spec.access,
    ...(idempotent === 'key' ? { key: true as const } : {}),
    ...(spec.stream === true ? { stream: true as const } : {}),
    ...Object.fromEntries(inputs),
    // Who calls does not parse the answer: it is read as it was written.
    ...(spec.output === undefined ? {} : { output: { read: schemaOf(spec.output, 'output', `${title} output`) } }),
    ...refusalShapes(spec.refuses ?? {}, title),
    users,
  };
  return shape;
}

function refusalShapes(refuses: RefusalSpecs, title: string) {
  const shapes = Object.entries(refuses).map(([code, { status, data }]) => {
    return [code, { status, data: { read: schemaOf(data, 'output', `${title} refusal ${code}`) } }] as const;
  });
  return shapes.length === 0 ? {} : { refuses: byName(shapes) };
}

/** A message is checked when it is written and again when it is read: what is written is what came out of the schema. */
function messageShape(schema: AnySchema, title: string): ValueShape {
  const read = schemaOf(schema, 'input', title);
  const written = schemaOf(schema, 'output', title);
  const isSame = sameJson(normalSchema(read, true), written);
  return isSame ? { read } : { read, written };
}

/** Raw bytes have no schema; what is said of them is their media types. */
function schemaOf(schema: AnySchema, direction: 'input' | 'output', title: string): JsonSchema {
  if (isBytes(schema)) return { enum: [...schema.bytes.types].sort() };
  return normalSchema(jsonSchemaOf(schema, direction, title), direction === 'output');
}

function upcastsOf(upcasts: Readonly<Record<number, unknown>> = {}) {
  const versions = Object.keys(upcasts)
    .map(Number)
    .sort((a, b) => a - b);
  return versions.length === 0 ? {} : { upcasts: versions };
}

function byName<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
