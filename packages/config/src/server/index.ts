export { configErrors } from '../errors.ts';
export type { BackendFound, ConfigBackend } from './backends/config-backend.ts';
export { folderBackend } from './backends/folder-backend.ts';
export type { ConfigServiceOptions } from './config-service.ts';
export { configContract, configService, staleHeader } from './config-service.ts';
