export { gatewayErrors } from '../errors.ts';
export type { RouterOptions } from './router-service.ts';
export { routerService } from './router-service.ts';
