import { messageOf } from '@dure/core';
import type { GrpcBinding, HttpOperation } from '@dure/service/contract';
import type { Field, Method, Root, Service, Type } from 'protobufjs';
import protobuf from 'protobufjs';
import { gatewayErrors } from '../errors.ts';
import { fieldNamed } from './message-json.ts';
import { readProto } from './proto-files.ts';

/** A method of gRPC, ready to be called for an operation. */
export interface GrpcMethod {
  /** `/shop.v1.Users/GetUser` */
  readonly path: string;
  readonly input: Type;
  readonly output: Type;
  /** The field of the input that the body fills; undefined for all of it. */
  readonly body: string | undefined;
}

/** Finds the methods of operations; each file is read once. */
export function grpcMethods(): (operation: HttpOperation, binding: GrpcBinding) => GrpcMethod {
  const roots = new Map<string, Root>();
  return (operation, binding) => {
    const { proto, imports } = binding;
    const key = `${proto.href} ${imports?.href}`;
    const known = roots.get(key);
    if (known !== undefined) return methodOf(known, operation, binding);
    const root = located(operation, () => readProto(binding));
    roots.set(key, root);
    return methodOf(root, operation, binding);
  };
}

/** GATEWAY_ROUTE_INVALID when the operation and the method do not go together. */
function methodOf(root: Root, operation: HttpOperation, { service, method, body }: GrpcBinding): GrpcMethod {
  const found = located(operation, () => resolved(root.lookupService(service), method));
  const { resolvedRequestType: input, resolvedResponseType: output } = found ?? {};
  if (found === undefined || !input || !output) throw refusal(operation, `"${service}" has no method "${method}"`);
  if (found.requestStream === true)
    throw refusal(operation, `"${method}" takes a stream of messages, which no request of JSON is`);
  if ((found.responseStream === true) !== (operation.spec.stream === true))
    throw refusal(
      operation,
      found.responseStream === true
        ? `"${method}" answers with a stream; declare \`stream: true\``
        : `"${method}" does not answer with a stream; leave out \`stream\``,
    );
  for (const [, name = ''] of operation.path.matchAll(/:([A-Za-z0-9]+)/g)) {
    if (!isPlain(fieldNamed(input, name)))
      throw refusal(operation, `"${input.name}" has no single value "${name}", which the path has`);
  }
  if (body !== undefined && fieldNamed(input, body) === undefined)
    throw refusal(operation, `"${input.name}" has no field "${body}", which the body is to fill`);
  return { path: `/${service}/${method}`, input, output, body };
}

function resolved({ methods }: Service, name: string): Method | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  method?.resolve();
  return method;
}

function isPlain(field: Field | undefined): boolean {
  return field !== undefined && !field.repeated && !field.map && !(field.resolvedType instanceof protobuf.Type);
}

function located<T>(operation: HttpOperation, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refusal(operation, messageOf(cause), cause);
  }
}

function refusal({ service, name }: HttpOperation, why: string, cause?: unknown) {
  const id = `${service}.${name}`;
  return gatewayErrors.ROUTE_INVALID(`${id} cannot be called by gRPC: ${why}`, { cause, details: { id } });
}
