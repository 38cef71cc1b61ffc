import { isDureError } from '@dure/core';
import type { Access } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import type { JavaExpression } from '../regex/java-expression.ts';
import { javaExpression } from '../regex/java-expression.ts';
import { parseAddressRange } from './address-range.ts';
import { parseHostPattern } from './host-pattern.ts';
import { parsePathPattern, variableNames } from './path-pattern.ts';
import type { NamedLayer, RouteMatch, RouteRule, RouteTarget, ValueMatch } from './route-rule.ts';
import { ruleProblem } from './rule-problem.ts';

/** The names of the variables in a path or host pattern, in the type: `'id' | 'rest'` of `/a/{id}/{*rest}`. */
export type VariablesIn<Pattern extends string> = string extends Pattern
  ? string
  : Pattern extends `${infer Segment}/${infer Rest}`
    ? VariablesInSegment<Segment> | VariablesIn<Rest>
    : VariablesInSegment<Pattern>;

type VariablesInSegment<Segment extends string> = Segment extends `:${infer Name}`
  ? Name
  : Segment extends `${string}{${infer Inside}}${infer Rest}`
    ? NameIn<Inside> | VariablesInSegment<Rest>
    : never;

type NameIn<Inside extends string> = Inside extends `*${infer Name}`
  ? Name
  : Inside extends `${infer Name}:${string}`
    ? Name
    : Inside;

/** What a header field, query parameter or cookie must be: there, exactly so, or wholly matched by an expression. */
export type ValueOption = true | string | RegExp;

/** Which requests a route takes; all of it must hold. */
export interface MatchOptions<Path extends string, Host extends string> {
  /** One or several; without, every path. See `parsePathPattern`. */
  readonly path?: Path | readonly Path[];
  readonly methods?: readonly string[];
  /** See `parseHostPattern`. */
  readonly hosts?: readonly Host[];
  readonly headers?: Readonly<Record<string, ValueOption>>;
  readonly queries?: Readonly<Record<string, ValueOption>>;
  readonly cookies?: Readonly<Record<string, ValueOption>>;
  /** Addresses and CIDR ranges. */
  readonly remoteAddresses?: readonly string[];
  readonly after?: Date;
  readonly before?: Date;
  readonly weight?: { readonly group: string; readonly weight: number };
}

/** How a route is written in `gateway.ts`. */
export interface RouteOptions<Path extends string, Host extends string> extends MatchOptions<Path, Host> {
  /** A contract, the name of a service, the origin of another server, or `layers`: one of them answers. */
  readonly to: { readonly name: string } | { readonly service: string } | { readonly url: string } | 'layers';
  /** Outermost first. What they use of the path and the host must be there. */
  readonly layers?: readonly NamedLayer<VariablesIn<Path> | VariablesIn<Host>>[];
  /** Who may use it. */
  readonly access: Exclude<Access, 'service'>;
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** What is spoken besides plain HTTP: requests may become WebSockets, or all of them are calls of gRPC. */
  readonly protocol?: 'grpc' | 'websocket';
  /** Default 0; a lower one comes before the routes of contracts, whatever their paths. */
  readonly order?: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Default `gateway.ts`. */
  readonly source?: string;
}

/**
 * A route of the edge beside those of the contracts. GATEWAY_ROUTE_INVALID names the source and what is wrong.
 *
 * @example
 * export const routes = [
 *   route('legacy-orders', { path: '/v1/orders/{id}', to: { url: 'http://127.0.0.1:9000' }, access: 'user' }),
 *   route('beta', { path: '/orders/:id', headers: { 'x-beta': true }, to: order, access: 'public' }),
 * ];
 */
export function route<const Path extends string = never, const Host extends string = never>(
  id: string,
  options: RouteOptions<Path, Host>,
): RouteRule {
  const { source = 'gateway.ts', order = 0, layers = [], metadata = {}, access } = options;
  const { timeoutMs, connectTimeoutMs, protocol } = options;
  const rule: RouteRule = {
    id,
    order,
    match: located(source, id, () => matchOf(options)),
    to: targetOf(options.to),
    access,
    layers,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(protocol !== undefined && { protocol }),
    metadata,
    source,
  };
  const problem = ruleProblem(rule) ?? unknownVariable(rule);
  if (problem !== undefined) throw problem;
  return rule;
}

function matchOf(options: MatchOptions<string, string>): RouteMatch {
  const { path, methods, hosts, headers, queries, cookies, remoteAddresses, after, before, weight } = options;
  const paths = typeof path === 'string' ? [path] : path;
  return {
    ...(paths !== undefined && { paths: paths.map((one) => parsePathPattern(one)) }),
    ...(methods !== undefined && { methods }),
    ...(hosts !== undefined && { hosts: hosts.map(parseHostPattern) }),
    ...(headers !== undefined && { headers: valuesOf(headers) }),
    ...(queries !== undefined && { queries: valuesOf(queries) }),
    ...(cookies !== undefined && { cookies: valuesOf(cookies) }),
    ...(remoteAddresses !== undefined && { remoteAddresses: remoteAddresses.map(parseAddressRange) }),
    ...(after !== undefined && { after: after.getTime() }),
    ...(before !== undefined && { before: before.getTime() }),
    ...(weight !== undefined && { weight }),
  };
}

function valuesOf(options: Readonly<Record<string, ValueOption>>): readonly ValueMatch[] {
  return Object.entries(options).map(([name, option]) => {
    if (option === true) return { name };
    return typeof option === 'string' ? { name, equals: option } : { name, matches: wholly(option) };
  });
}

function wholly({ source, flags }: RegExp): JavaExpression {
  if (/[^su]/.test(flags)) {
    throw gatewayErrors.ROUTE_INVALID(`the flags "${flags}" of /${source}/ are not known here; write it without them`);
  }
  return javaExpression(source);
}

function targetOf(to: RouteOptions<string, string>['to']): RouteTarget {
  if (to === 'layers') return { kind: 'none' };
  if ('url' in to) return { kind: 'url', url: to.url };
  return { kind: 'service', service: 'service' in to ? to.service : to.name };
}

/**
 * GATEWAY_ROUTE_INVALID for a variable that a layer uses and not every path or host binds. The compiler sees it too, but for
 * patterns that it knows as `string` only.
 */
export function unknownVariable({ id, source, match, layers }: RouteRule) {
  const bound = (match.paths ?? []).map((pattern) => new Set(variableNames(pattern)));
  const ofHosts = (match.hosts ?? []).map(({ names }) => new Set(names));
  const isBound = (name: string) =>
    [bound, ofHosts].some((sets) => sets.length > 0 && sets.every((names) => names.has(name)));
  for (const layer of layers) {
    const missing = layer.variables?.find((name) => !isBound(name));
    if (missing === undefined) continue;
    return gatewayErrors.ROUTE_INVALID(
      `${source}: the route "${id}": its layer ${layer.text} uses "{${missing}}", which not every path or host of it binds`,
      { details: { id, source, variable: missing } },
    );
  }
  return undefined;
}

/** Says of an error in a pattern where the pattern is. */
function located<T>(source: string, id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isDureError(cause)) throw cause;
    throw gatewayErrors.ROUTE_INVALID(`${source}: the route "${id}": ${cause.message}`, {
      cause,
      details: { ...cause.details, id, source },
    });
  }
}
