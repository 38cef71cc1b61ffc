export { configErrors } from '../errors.ts';
export type { ResourceFound, ResourceRequest } from '../properties/config-folder.ts';
export type { BackendFound, ConfigBackend } from './backends/config-backend.ts';
export { folderBackend } from './backends/folder-backend.ts';
export { staleHeader } from './config-reader.ts';
export type { ConfigServiceOptions } from './config-service.ts';
export { configContract, configService } from './config-service.ts';
export type { RollOutPolicy } from './live/roll-out-policy.ts';
