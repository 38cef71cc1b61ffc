import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { contract, get, patch, post, remove } from '@dure/service/contract';
import type { handleServerStreamingCall, handleUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { z } from 'zod';
import type { GatewayOptions } from '../gateway/gateway-options.ts';
import { readProto } from '../grpc/proto-files.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';

/** Where the messages and methods of the tests are declared. */
export const usersProto = {
  proto: pathToFileURL(join(import.meta.dirname, 'users.proto')),
  imports: pathToFileURL(join(import.meta.dirname, '..')),
};

const grpc = (method: string) => ({ service: 'shop.v1.Users', method, ...usersProto });
const params = z.object({ id: z.string() });
/** What clients may know of a user: never the hash of the password. */
const user = z.object({ id: z.string(), fullName: z.string().optional(), age: z.int().optional() });

/** Operations that methods of gRPC carry out. */
export const users = contract('users', {
  getUser: get('/users/:id', {
    params,
    output: z.object({ id: z.string(), fullName: z.string(), points: z.string(), tags: z.array(z.string()) }),
    access: 'public',
    timeoutMs: 400,
    grpc: grpc('GetUser'),
  }),
  createUser: post('/users', {
    body: z.looseObject({}),
    output: user,
    access: 'public',
    status: 201,
    timeoutMs: 2_000,
    grpc: grpc('CreateUser'),
  }),
  orderUser: post('/orders', {
    body: z.looseObject({}),
    output: user,
    access: 'user',
    idempotent: 'key',
    grpc: grpc('CreateUser'),
  }),
  updateUser: patch('/users/:id', {
    params,
    body: z.looseObject({}),
    query: z.object({ updateMask: z.string().optional() }),
    output: user,
    access: 'public',
    grpc: { ...grpc('UpdateUser'), body: 'user' },
  }),
  deleteUser: remove('/users/:id', { params, access: { role: 'admin' }, grpc: grpc('DeleteUser') }),
  search: get('/users', {
    query: z.looseObject({}),
    output: z.object({ users: z.array(user), total: z.int() }),
    access: 'public',
    grpc: grpc('Search'),
  }),
  watch: get('/users/:id/events', {
    params,
    output: z.object({ id: z.string(), points: z.string() }),
    access: 'public',
    stream: true,
    timeoutMs: 400,
    grpc: grpc('Watch'),
  }),
});

/** A message as the server's code has it: fields in camel case, no defaults. */
export type Message = Record<string, unknown>;

/** How the methods answer. */
export interface UserHandlers {
  GetUser?: handleUnaryCall<Message, Message>;
  CreateUser?: handleUnaryCall<Message, Message>;
  UpdateUser?: handleUnaryCall<Message, Message>;
  DeleteUser?: handleUnaryCall<Message, Message>;
  Search?: handleUnaryCall<Message, Message>;
  Watch?: handleServerStreamingCall<Message, Message>;
}

/** The methods as grpc-js wants them, written and read by their types. */
function definition(): ServiceDefinition {
  const root = readProto(usersProto);
  const { methods } = root.lookupService('shop.v1.Users');
  return Object.fromEntries(
    Object.values(methods).map(({ name, requestType, responseType, requestStream, responseStream }) => {
      const input = root.lookupType(requestType.includes('.') ? requestType : `shop.v1.${requestType}`);
      const output = root.lookupType(responseType.includes('.') ? responseType : `shop.v1.${responseType}`);
      const method = {
        path: `/shop.v1.Users/${name}`,
        requestStream: requestStream === true,
        responseStream: responseStream === true,
        requestSerialize: (message: Message) => Buffer.from(input.encode(message).finish()),
        requestDeserialize: (bytes: Buffer) => input.toObject(input.decode(bytes), { longs: String, bytes: String }),
        responseSerialize: (message: Message) => Buffer.from(output.encode(output.fromObject(message)).finish()),
        responseDeserialize: (bytes: Buffer) => output.decode(bytes),
      };
      return [name, method];
    }),
  );
}

/** Starts a server of gRPC with these handlers; what has none is UNIMPLEMENTED. */
export async function usersServer(handlers: UserHandlers) {
  const server = new Server();
  server.addService(definition(), { ...handlers });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, server, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

/** A gateway in front of such servers. */
export async function usersGateway(ports: readonly number[], options: Partial<GatewayOptions> = {}) {
  const gateway = await openGateway({ exposes: [users], ...options });
  gateway.instances.set(
    'users',
    ports.map((port) => localInstance('users', port)),
  );
  /** Asks for JSON: the status and what it says. */
  const ask = async (line: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? undefined : { 'content-type': 'application/json' };
    const answer = await fetch(gateway.origin + path, { method, ...init, headers: { ...type, ...headers } });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, value: text === '' ? undefined : JSON.parse(text) };
  };
  return { gateway, ask, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}
