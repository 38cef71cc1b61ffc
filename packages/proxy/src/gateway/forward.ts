import { mayRepeat } from '@dure/core';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import { demandBody } from '../engine/arrived-request.ts';
import { clientSource } from '../engine/client-answer.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import { edgeStack } from '../engine/edge-layer.ts';
import { Exchange } from '../engine/exchange.ts';
import { forwarding } from '../engine/forwarding.ts';
import { operationPolicy } from '../protection/rate-limit-policy.ts';
import { rateLimited } from '../protection/rate-limited.ts';
import { authenticated, authorised } from './admission.ts';
import type { Edge } from './edge.ts';
import type { Route } from './route-table.ts';
import { routeId } from './route-table.ts';

/** What stands before an operation of a contract, outermost first. */
export function operationLayers(edge: Edge, route: Route): readonly EdgeLayer[] {
  return [
    ...(edge.cors === undefined ? [] : [edge.cors]), // outermost: pages may read what others refuse with
    bodyDemanded(route), // first of what refuses: a body that is too large is refused whoever sends it
    authenticated(edge), // before access: the identity is what access is decided by
    ...declaredLimit(edge, route), // before access: also what would be refused may not be tried without end
    authorised(route.access),
    edge.identity, // last: only who was let through costs a signature
  ];
}

/** Makes the handler of a route. */
export function routeHandler(edge: Edge, route: Route): EdgeHandler {
  return edgeStack(operationLayers(edge, route), forwarding);
}

/** Starts the trace of a request and lets a route's handler see to it. */
export function startExchange(edge: Edge, arrived: ArrivedRequest, route: Route, handler: EdgeHandler): void {
  const { method } = arrived.request;
  const span = edge.telemetry.startSpan(`${route.method} ${route.template}`, {
    kind: 'server',
    attributes: { 'http.request.method': method, 'http.route': route.template, 'dure.service': route.service },
  });
  const isRepeatable = mayRepeat(route.operation, arrived.head.idempotencyKey);
  const { destination } = route;
  new Exchange(edge, clientSource(arrived), { route: routeId(route), destination, span, isRepeatable }).run(handler);
}

function declaredLimit({ telemetry, rateLimits: store }: Edge, { operation }: Route): readonly EdgeLayer[] {
  const policy = operationPolicy(operation);
  return policy === undefined ? [] : [rateLimited({ policies: [policy], store, telemetry })];
}

function bodyDemanded({ method, template }: Route): EdgeLayer {
  const what = `${method} ${template}`;
  return (next) => (exchange) => {
    demandBody(exchange.head, method === 'GET', exchange.maxBodyBytes, what);
    return next(exchange);
  };
}
