import { grpcMethods } from '../grpc/grpc-method.ts';
import { jsonToGrpc } from '../grpc/json-to-grpc.ts';
import type { RouteRule } from '../routing/route-rule.ts';

/** Lets the routes to operations that a method of gRPC carries out translate. GATEWAY_ROUTE_INVALID when the method does not fit. */
export function grpcRule(): (rule: RouteRule) => RouteRule {
  const methodOf = grpcMethods();
  return (rule) => {
    const { operation } = rule;
    const binding = operation?.spec.grpc;
    if (operation === undefined || binding === undefined) return rule;
    return { ...rule, translated: jsonToGrpc(operation, methodOf(operation, binding)) };
  };
}
