import type { ArrivedRequest } from '../engine/arrived-request.ts';
import { fieldValues } from '../http/field-lines.ts';
import { plainAddress } from '../http/forwarding-fields.ts';
import type { RoutedRequest, RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';
import type { CompiledRoute } from './compiled-route.ts';

/** The routes of a gateway, each made ready when its first request comes. */
export interface EdgeRoutes {
  /** Lets the route of a request see to it, as one of the given method; false when there is none. */
  start(arrived: ArrivedRequest, method: string): boolean;
  /** The methods with which a request would find a route; empty when there are none. */
  allowed(arrived: ArrivedRequest): readonly string[];
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
    start(arrived, method) {
      const found = set.table.find(routedRequest(arrived, method, nowMs));
      if (found === undefined) return false;
      readyRoute(found.rule).start(arrived, found);
      return true;
    },
    allowed: (arrived) => set.table.allowed(routedRequest(arrived, '', nowMs)),
  };
}

function routedRequest({ head, target, request }: ArrivedRequest, method: string, nowMs: () => number): RoutedRequest {
  return {
    method,
    path: target.path,
    query: target.query,
    host: head.host,
    cookie: head.cookie,
    header: (name) => fieldValues(head.fields, name),
    address: plainAddress(request.socket.remoteAddress),
    nowMs: nowMs(),
  };
}
