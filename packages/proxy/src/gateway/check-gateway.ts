import { systemClock, systemRandom } from '@dure/core';
import { memoryRateLimits } from '@dure/resilience';
import { silentTelemetry } from '@dure/telemetry';
import { cors } from '../protection/cors.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { knownServices, translation } from './gateway-service.ts';
import { openRoutes } from './open-routes.ts';
import { protocolSettings } from './protocol-options.ts';
import { signInOperation } from './session.ts';
import { demandUsed } from './upstream-trust.ts';
import { validatedOperations } from './validated-operations.ts';

/**
 * Throws what would keep a gateway with these options from starting, as far as that can be told without files, without a
 * configuration and without opening anything: routes, layers, contracts, session, protocols.
 *
 * @example
 * await checkGateway({ exposes: [product], layers: { 'product.listProdukts': [] } }); // GATEWAY_ROUTE_INVALID
 */
export async function checkGateway(options: GatewayOptions): Promise<void> {
  const [clock, random] = [systemClock, systemRandom];
  const tools = { clock, random, telemetry: silentTelemetry(), rateLimits: memoryRateLimits({ clock, random }) };
  protocolSettings(options);
  validatedOperations(options);
  if (options.cors !== undefined) cors(options.cors);
  if (options.session !== undefined) signInOperation(options.session);
  const translate = await translation(options.exposes);
  const { set, close } = openRoutes({ ...options, follow: [] }, { tools, instances: nobody, signer, translate });
  close();
  demandUsed(options.upstreamTls ?? {}, set.table.rules, knownServices(options));
}

const nobody = { instances: () => [], onChange: () => () => {} };
const signer = { authorize: async () => '' };
