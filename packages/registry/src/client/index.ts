export { registryErrors } from '../errors.ts';
export type { InstanceStatus } from '../wire/push-stream.ts';
export type { KnownInstance } from './instance-table.ts';
export type { RegistryClient, RegistryClientOptions } from './registry-client.ts';
export { registryClient } from './registry-client.ts';
export type { RegistryRequest, RegistryTransport, StreamRequest } from './transport.ts';
export { fetchTransport } from './transport.ts';
