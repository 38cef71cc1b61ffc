export { registryErrors } from '../errors.ts';
export type { DnsOptions } from './dns/dns-settings.ts';
export type { RegistryOptions } from './registry-service.ts';
export { registryContract, registryService } from './registry-service.ts';
