import { mayRepeat } from '@dure/core';
import { accessText } from '@dure/service/contract';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import { demandBody } from '../engine/arrived-request.ts';
import { clientSource } from '../engine/client-source.ts';
import type { Destination } from '../engine/destination.ts';
import { anyOperation } from '../engine/destination.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import { edgeStack } from '../engine/edge-layer.ts';
import { Exchange } from '../engine/exchange.ts';
import { forwarding } from '../engine/forwarding.ts';
import { grpcForwarding } from '../engine/grpc-forwarding.ts';
import { gatewayErrors } from '../errors.ts';
import { grpcWeb } from '../grpc/grpc-web.ts';
import { operationPolicy } from '../protection/rate-limit-policy.ts';
import { rateLimited } from '../protection/rate-limited.ts';
import { requestValidation } from '../protection/request-validation.ts';
import { named } from '../routing/named-layer.ts';
import type { NamedLayer, RouteRule } from '../routing/route-rule.ts';
import { contractDrift } from '../traffic/contract-drift.ts';
import { authenticated, authorised } from './admission.ts';
import type { Edge } from './edge.ts';
import { eventSocket } from './event-socket.ts';
import { sessionPositions } from './session-positions.ts';

/** How long an answer may take to begin where nobody says, in milliseconds. */
const defaultTimeoutMs = 30_000;
/** Methods that may be repeated (RFC 9110 §9.2.2), where no contract says. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** A route, ready to take requests. */
export interface CompiledRoute {
  readonly rule: RouteRule;
  readonly destination: Destination;
  /** What its requests meet, outermost first. */
  readonly stages: readonly string[];
  /** Whether it says which pages of other origins may use it. */
  readonly hasCors: boolean;
  /** Makes what sees to a request that has been under way on another route. */
  continued(): EdgeHandler;
  /** Lets the route see to a request. `bound` is what its patterns bound. */
  start(arrived: ArrivedRequest, bound?: { readonly variables: Readonly<Record<string, string>> }): void;
}

/** Makes a route ready. What it does not use costs its requests nothing. */
export function compiledRoute(edge: Edge, rule: RouteRule): CompiledRoute {
  const { id, operation } = rule;
  const destination = destinationOf(rule);
  const stages = stagesOf(edge, rule);
  const handler = edgeStack(layersOf(stages), handlerOf(rule));
  const path = rule.match.paths?.[0]?.text ?? '/**';
  const name = operation === undefined ? id : `${operation.method} ${path}`;
  return {
    rule,
    destination,
    stages: stages.map(({ text }) => text),
    hasCors: corsOf(edge, rule) !== undefined,
    continued: () => edgeStack([authorised(rule.access), ...layersOf(rule.layers), edge.identity], handlerOf(rule)),
    start(arrived, bound) {
      const { method = '' } = arrived.request;
      const source = clientSource(arrived);
      const place = edge.clients.enter(source.address);
      const span = edge.telemetry.startSpan(name, {
        kind: 'server',
        attributes: { 'http.request.method': method, 'http.route': path, 'dure.service': destination.service },
      });
      const isRepeatable =
        operation === undefined ? repeatable.has(method) : mayRepeat(operation, arrived.head.idempotencyKey);
      const options = { route: id, destination, span, isRepeatable, place, ...(bound === undefined ? {} : { bound }) };
      new Exchange(edge, source, options).run(handler);
    },
  };
}

/** What stands in the way of a route's requests, outermost first. */
function stagesOf(edge: Edge, rule: RouteRule): readonly NamedLayer[] {
  const cors = corsOf(edge, rule);
  return [
    ...stage('Compression', edge.compression), // outermost: it takes every answer as it leaves
    ...stage('Cors', cors), // before what refuses: pages may read what others refuse with
    ...stage('GrpcWeb', rule.protocol === 'grpc' ? grpcWeb : undefined), // before what refuses: refusals are statuses, too
    named('BodyLimit', bodyDemanded(rule)), // first of what refuses: a body that is too large is refused whoever sends it
    named('Authentication', authenticated(edge)), // before access: the identity is what access is decided by
    named('SessionPositions', sessionPositions(edge.secure)), // behind who asks: it is the session's
    ...stage('ApiKey', edge.apiKey), // as above; whoever has a token stays who they are
    ...stage('DeclaredRateLimit', declaredLimit(edge, rule)), // before access: also what would be refused may not be tried without end
    named('Access', authorised(rule.access), accessText(rule.access)),
    ...rule.layers, // after access: what a route adds works for who was let through
    ...stage('RequestValidation', heldAgainstContract(edge, rule)), // behind what changes the path: what is judged is what the service gets
    ...stage('ContractDrift', watchedDrift(edge, rule)), // behind a cache: what is stored was looked at when it came
    named('Identity', edge.identity), // behind what lets through: only who may ask costs a signature
    ...stage('EventSocket', offersEvents(rule) ? eventSocket({ checksOrigin: cors === undefined }) : undefined), // last: what refuses answers plainly
  ];
}

function stage(name: string, layer: EdgeLayer | undefined): readonly NamedLayer[] {
  return layer === undefined ? [] : [named(name, layer)];
}

function layersOf(named: readonly NamedLayer[]): readonly EdgeLayer[] {
  return named.map(({ layer }) => layer);
}

function corsOf(edge: Edge, rule: RouteRule): EdgeLayer | undefined {
  return rule.crossOrigin ?? edge.cors;
}

/** A stream of events that its service sends as such; one that speaks WebSocket itself has `protocol`. */
function offersEvents({ operation, protocol }: RouteRule): boolean {
  return operation?.spec.stream === true && operation.method === 'GET' && protocol === undefined;
}

function destinationOf(rule: RouteRule): Destination {
  const { id, to, operation, protocol, connectTimeoutMs, timeoutMs = defaultTimeoutMs } = rule;
  const service = to.kind === 'service' ? to.service : to.kind === 'url' ? to.url : 'gateway';
  return {
    service,
    called: to.kind === 'service' ? service : id,
    operation: operation?.name ?? (to.kind === 'service' ? id : anyOperation),
    timeoutMs,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    stream: operation === undefined ? 'by-type' : operation.spec.stream === true,
    prefix: '',
    ...(protocol === 'websocket' || offersEvents(rule) ? { upgrade: 'websocket' as const } : {}),
    ...(protocol === 'grpc' ? { protocol } : {}),
  };
}

function handlerOf({ to, protocol, translated }: RouteRule): EdgeHandler {
  if (to.kind === 'none') return nobodyAnswers;
  if (translated !== undefined) return translated;
  return protocol === 'grpc' ? grpcForwarding : forwarding;
}

function declaredLimit({ telemetry, rateLimits: store }: Edge, { operation }: RouteRule): EdgeLayer | undefined {
  const policy = operation === undefined ? undefined : operationPolicy(operation);
  return policy === undefined ? undefined : rateLimited({ policies: [policy], store, telemetry });
}

/** What becomes a message of gRPC is held against its contract on the way, always and by the rules of that. */
function heldAgainstContract(edge: Edge, { operation, translated }: RouteRule): EdgeLayer | undefined {
  if (operation === undefined || translated !== undefined) return undefined;
  const mode = edge.validationOf(operation);
  return mode === false ? undefined : requestValidation(operation, { mode, telemetry: edge.telemetry });
}

function watchedDrift(
  { contractDrift: share, clock, telemetry }: Edge,
  { operation }: RouteRule,
): EdgeLayer | undefined {
  return operation === undefined || share <= 0 ? undefined : contractDrift(operation, { share, clock, telemetry });
}

function bodyDemanded({ operation, id }: RouteRule): EdgeLayer {
  const what = operation === undefined ? id : `${operation.method} ${operation.path}`;
  const isRead = operation?.method === 'GET';
  return (next) => (exchange) => {
    demandBody(exchange.head, isRead, exchange.maxBodyBytes, what);
    return next(exchange);
  };
}

const nobodyAnswers: EdgeHandler = ({ route }) => {
  throw gatewayErrors.NOT_FOUND(`nothing answers on the route "${route}"`);
};
