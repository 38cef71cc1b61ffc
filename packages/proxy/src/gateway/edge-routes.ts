import type { ArrivedRequest } from '../engine/arrived-request.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValues } from '../http/field-lines.ts';
import { plainAddress } from '../http/forwarding-fields.ts';
import { preflightMethod } from '../protection/cors.ts';
import { patternBudget } from '../regex/java-expression.ts';
import type { RoutedRequest, RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';
import type { CompiledRoute } from './compiled-route.ts';

/** The routes of a gateway, each made ready when its first request comes. */
export interface EdgeRoutes {
  /** Lets the route of a request see to it; false when there is none, or when a page asks a route that is for no pages. */
  start(arrived: ArrivedRequest): boolean;
  /** Leads a request that is under way to another path, with its query and without its body. GATEWAY_NOT_FOUND. */
  dispatch(exchange: Exchange, path: string): void | Promise<void>;
  /** The methods with which a request would find a route; empty when there are none. */
  allowed(arrived: ArrivedRequest): readonly string[];
  /** What the requests of a route meet, outermost first. */
  stages(rule: RouteRule): readonly string[];
}

/** `nowMs` is wall time, for routes that have theirs. */
export function edgeRoutes(
  set: RouteSet,
  compile: (rule: RouteRule) => CompiledRoute,
  nowMs: () => number,
): EdgeRoutes {
  const compiled = new WeakMap<RouteRule, CompiledRoute>();
  const readyRoute = (rule: RouteRule): CompiledRoute => {
    const known = compiled.get(rule);
    if (known !== undefined) return known;
    const made = compile(rule);
    compiled.set(rule, made);
    return made;
  };
  return {
    start(arrived) {
      const { method = '' } = arrived.request;
      const asked = preflightMethod(method, arrived.head);
      const found = set.table.find(routedRequest(arrived, asked ?? method, nowMs));
      if (found === undefined) return false;
      const route = readyRoute(found.rule);
      if (asked !== undefined && !route.hasCors) return false;
      route.start(arrived, found);
      return true;
    },
    dispatch(exchange, path) {
      const mark = path.indexOf('?');
      exchange.path = mark < 0 ? path : path.slice(0, mark);
      exchange.query = mark < 0 ? '' : path.slice(mark);
      exchange.dropBody();
      const { head, address, method } = exchange;
      const { host, cookie } = head;
      const found = set.table.find({
        method,
        path: exchange.path,
        host,
        cookie,
        address,
        nowMs: nowMs(),
        patterns: patternBudget(),
      });
      if (found === undefined) throw gatewayErrors.NOT_FOUND('there is nothing at the path of the fallback');
      const route = readyRoute(found.rule);
      exchange.destination = route.destination;
      return route.continued()(exchange);
    },
    allowed: (arrived) => set.table.allowed(routedRequest(arrived, '', nowMs)),
    stages: (rule) => readyRoute(rule).stages,
  };
}

function routedRequest(
  { head, target, request, origin }: ArrivedRequest,
  method: string,
  nowMs: () => number,
): RoutedRequest {
  return {
    method,
    path: target.path,
    query: target.query,
    host: head.host,
    cookie: head.cookie,
    header: (name) => fieldValues(head.fields, name),
    address: origin?.address ?? plainAddress(request.socket.remoteAddress),
    nowMs: nowMs(),
    patterns: patternBudget(),
  };
}
