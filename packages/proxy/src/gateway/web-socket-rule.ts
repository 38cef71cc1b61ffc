import type { AnyContract } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import type { RouteRule } from '../routing/route-rule.ts';

/**
 * Lets the routes to the operations of the given contracts become WebSockets. GATEWAY_PROTOCOL_INVALID when one of them is
 * no GET, which a handshake is (RFC 6455 §4.1).
 */
export function webSocketRule(contracts: readonly AnyContract[]): (rule: RouteRule) => RouteRule {
  const ids = new Set<string>();
  for (const { name, operations } of contracts) {
    for (const operation of Object.values(operations)) {
      if (operation.method !== 'GET') {
        throw gatewayErrors.PROTOCOL_INVALID(
          `webSockets names ${name}.${operation.name}, which is ${operation.method}; a WebSocket begins with GET`,
        );
      }
      ids.add(`${name}.${operation.name}`);
    }
  }
  return (rule) => (ids.has(rule.id) ? { ...rule, protocol: 'websocket' } : rule);
}
