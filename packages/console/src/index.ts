export type { ConsoleOptions } from './console-service.ts';
export { consoleService } from './console-service.ts';
export { consoleErrors } from './errors.ts';
export type { StoreLimits } from './store/telemetry-store.port.ts';
