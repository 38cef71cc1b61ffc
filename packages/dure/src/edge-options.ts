import type { GatewayOptions } from '@dure/proxy/gateway';
import type { System } from './system.ts';

/** What a system says of its gateway, but for the storefront, which may have to be built. */
export async function edgeOptions({ name, edge }: System): Promise<GatewayOptions> {
  return {
    spring: {},
    ...(await edge.gateway?.()),
    exposes: edge.expose,
    info: { title: name, version: '1' },
    issuers: edge.issuers,
    identity: edge.identity,
    ...(edge.session === undefined ? {} : { session: edge.session }),
  };
}
