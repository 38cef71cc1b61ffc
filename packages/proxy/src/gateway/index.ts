export { gatewayErrors } from '../errors.ts';
export type { GatewayOptions } from './gateway-service.ts';
export { gatewayService } from './gateway-service.ts';
export type { GatewayLimits } from './limits.ts';
export type { SessionOptions } from './session.ts';
