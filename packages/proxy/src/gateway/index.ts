export type { EdgeIdentityOptions } from '../access/edge-verifier.ts';
export type { ForwardedIdentity } from '../access/internal-identity.ts';
export type { ProxyLimits as GatewayLimits } from '../engine/limits.ts';
export type { FailureLimits, PolicyOptions } from '../engine/proxy-policies.ts';
export { gatewayErrors } from '../errors.ts';
export type { GatewayOptions } from './gateway-service.ts';
export { gatewayService } from './gateway-service.ts';
export type { SessionOptions } from './session.ts';
