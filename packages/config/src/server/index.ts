export { configErrors } from '../errors.ts';
export type { ConfigServiceOptions } from './config-service.ts';
export { configContract, configService, staleHeader } from './config-service.ts';
