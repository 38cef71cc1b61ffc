export { registryErrors } from '../errors.ts';
export type { RegistryOptions } from './registry-service.ts';
export { registryContract, registryService } from './registry-service.ts';
