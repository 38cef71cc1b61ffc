import { gatewayErrors } from '../errors.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import type { UpstreamTlsByService } from '../upstream/upstream-tls.ts';

/**
 * A setting of trust that nothing uses is a misspelt one, and whom it was meant for is trusted by other rules:
 * GATEWAY_PROTOCOL_INVALID.
 */
export function demandUsed(
  byService: UpstreamTlsByService,
  rules: readonly RouteRule[],
  services: readonly string[],
): void {
  const origins = rules.flatMap(({ to }) => (to.kind === 'url' ? [new URL(to.url).origin] : []));
  const named = rules.flatMap(({ to }) => (to.kind === 'service' ? [to.service] : []));
  const known = new Set(['*', ...services, ...named, ...origins.filter((origin) => origin.startsWith('https:'))]);
  const unused = Object.keys(byService).find((name) => !known.has(name));
  if (unused === undefined) return;
  throw gatewayErrors.PROTOCOL_INVALID(
    `upstreamTls names "${unused}", to which no route leads by TLS; there are ${[...known].join(', ')}`,
    { details: { name: unused } },
  );
}
