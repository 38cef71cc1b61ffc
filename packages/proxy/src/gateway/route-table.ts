import type { Access, AnyContract, HttpOperation, Method } from '@dure/service/contract';
import { isExposable } from '@dure/service/contract';
import type { Destination } from '../engine/destination.ts';
import { gatewayErrors } from '../errors.ts';

/** One exposed operation at the edge. */
export interface Route {
  readonly service: string;
  readonly operation: HttpOperation;
  readonly method: Method;
  /** As in the contract: `/stock/:sku`. */
  readonly template: string;
  readonly access: Access;
  readonly destination: Destination;
}

/** Finds the operation behind a method and a path. Immutable: a change is a new table. */
export interface RouteTable {
  readonly routes: readonly Route[];
  /** Static segments before parameters, from left to right. The cost depends on the path, not on the number of routes. */
  find(method: string, path: string): Route | undefined;
  /** The methods that the path takes, HEAD with GET; empty when the path is unknown. */
  allowed(path: string): readonly string[];
}

interface Node {
  readonly statics: Map<string, Node>;
  parameter: Node | undefined;
  route: Route | undefined;
}

/**
 * Compiles the exposed operations of contracts into one trie a method, as the services' own router does, so that edge
 * and service always agree. Operations for services only are left out. GATEWAY_ROUTE_CONFLICT when two of the rest, or
 * one of them and an address of the gateway itself, cannot be told apart.
 */
export function routeTable(contracts: readonly AnyContract[], ownPaths: readonly string[] = []): RouteTable {
  const tries = new Map<string, Node>();
  const routes: Route[] = [];
  for (const { operations, name } of contracts) {
    for (const operation of Object.values(operations)) {
      if (!isExposable(operation.spec.access)) continue;
      const { method, path } = operation;
      const route = routeTo(name, operation, path, operation.spec.access);
      if (ownPaths.includes(path)) throw conflict(route, 'the gateway itself');
      insert(trieOf(tries, method), route);
      routes.push(route);
    }
  }
  const find = (method: string, path: string) => {
    const trie = tries.get(method === 'HEAD' ? 'GET' : method);
    return trie === undefined ? undefined : walk(trie, path, 1);
  };
  return {
    routes,
    find,
    allowed(path) {
      const methods: string[] = [];
      for (const method of tries.keys()) {
        if (find(method, path) !== undefined) methods.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]));
      }
      return methods.length === 0 ? methods : [...methods, 'OPTIONS'];
    },
  };
}

/** The route that leads to an operation from a path of the edge. */
export function routeTo(service: string, operation: HttpOperation, template: string, access: Access): Route {
  const { name, method, timeoutMs, spec } = operation;
  const destination = { service, operation: name, timeoutMs, stream: spec.stream === true, prefix: '' };
  return { service, operation, method, template, access, destination };
}

/** What a route is called. */
export function routeId({ service, operation }: Route): string {
  return `${service}.${operation.name}`;
}

function trieOf(tries: Map<string, Node>, method: Method): Node {
  const known = tries.get(method);
  if (known !== undefined) return known;
  const trie = emptyNode();
  tries.set(method, trie);
  return trie;
}

function insert(trie: Node, route: Route): void {
  let node = trie;
  for (const segment of route.template.slice(1).split('/')) {
    let next = segment.startsWith(':') ? node.parameter : node.statics.get(segment);
    if (next === undefined) {
      next = emptyNode();
      if (segment.startsWith(':')) node.parameter = next;
      else node.statics.set(segment, next);
    }
    node = next;
  }
  if (node.route !== undefined) throw conflict(route, `${node.route.service}.${node.route.operation.name}`);
  node.route = route;
}

/** `from` is where the next segment begins. A static branch that leads nowhere is given up for the parameter beside it. */
function walk(node: Node, path: string, from: number): Route | undefined {
  const slash = path.indexOf('/', from);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(from, end);
  const exact = node.statics.get(segment);
  if (exact !== undefined) {
    const found = slash < 0 ? exact.route : walk(exact, path, end + 1);
    if (found !== undefined) return found;
  }
  const { parameter } = node;
  if (parameter === undefined || segment === '') return undefined;
  return slash < 0 ? parameter.route : walk(parameter, path, end + 1);
}

function emptyNode(): Node {
  return { statics: new Map(), parameter: undefined, route: undefined };
}

function conflict(route: Route, other: string) {
  const { service, operation, method, template } = route;
  return gatewayErrors.ROUTE_CONFLICT(
    `${service}.${operation.name} and ${other} both answer ${method} ${template}; give one another path, or expose only one`,
    { details: { service, operation: operation.name, method, path: template } },
  );
}
