import type { GatewayOptions } from '../gateway/gateway-options.ts';
import { gatewayService } from '../gateway/gateway-service.ts';
import type { OpenProxy, ProxyParts } from './open-proxy.ts';
import { openProxy } from './open-proxy.ts';

/** Starts a gateway as a host would, on 127.0.0.1. */
export function openGateway(options: GatewayOptions, parts: ProxyParts = {}): Promise<OpenProxy> {
  return openProxy(gatewayService(options), parts);
}
