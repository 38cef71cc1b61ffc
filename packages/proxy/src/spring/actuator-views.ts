import type { RouteMatch, RouteRule, RouteTarget, ValueMatch } from '../routing/route-rule.ts';
import { filterKinds } from './filter-kinds.ts';
import { predicateKinds } from './predicates.ts';
import type { SpringRule } from './spring-rule.ts';

/** A route as `GET /actuator/gateway/routes` shows it. */
export interface ActuatorRoute {
  readonly route_id: string;
  readonly uri: string;
  readonly order: number;
  /** Text for people, as Spring writes it. */
  readonly predicate: string;
  readonly filters: readonly string[];
  /** Absent when it is empty. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One route, whatever it was written as; those of Spring's YAML as Spring shows them. */
export function actuatorRoute(rule: RouteRule | SpringRule): ActuatorRoute {
  const { id, order, metadata } = rule;
  const { uri, predicates, filters } = 'display' in rule ? rule.display : displayOf(rule);
  return {
    route_id: id,
    uri,
    order,
    predicate: joined(predicates),
    filters: filters.map(({ text, order: at }) => `[[${text}], order = ${at}]`),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** `GET /actuator/gateway/globalfilters` and `routes/{id}/combinedfilters`: what requests pass, by its order. */
export function actuatorFilters(stages: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(stages.map((text, at) => [text, at + 1]));
}

/** `GET /actuator/gateway/routefilters`: the filters that routes can have. */
export function actuatorRouteFilters(): Readonly<Record<string, null>> {
  return Object.fromEntries(Object.keys(filterKinds).map((name) => [`[${name}GatewayFilterFactory]`, null]));
}

/** `GET /actuator/gateway/routepredicates`: the predicates that routes can have. */
export function actuatorRoutePredicates(): Readonly<Record<string, null>> {
  return Object.fromEntries(Object.keys(predicateKinds).map((name) => [`[${name}RoutePredicateFactory]`, null]));
}

/** Spring puts each further predicate and all before it into brackets. */
function joined([first, ...others]: readonly string[]): string {
  if (first === undefined) return 'Always';
  return others.reduce((before, one) => `(${before} && ${one})`, first);
}

function displayOf({ to, match, layers }: RouteRule): SpringRule['display'] {
  return {
    uri: uriOf(to),
    predicates: predicatesOf(match),
    filters: layers.map(({ text }, at) => ({ text, order: at + 1 })),
  };
}

function uriOf(to: RouteTarget): string {
  switch (to.kind) {
    case 'service':
      return `lb://${to.service}`;
    case 'url':
      return to.url;
    case 'none':
      return 'no://op';
    default:
      return to satisfies never;
  }
}

function predicatesOf(match: RouteMatch): readonly string[] {
  const {
    paths,
    hosts,
    methods,
    headers = [],
    queries = [],
    cookies = [],
    remoteAddresses,
    after,
    before,
    weight,
  } = match;
  const texts = (list: readonly { readonly text: string }[]) => list.map(({ text }) => text).join(', ');
  return [
    ...(paths === undefined
      ? []
      : [
          `Paths: [${texts(paths).replaceAll(/(?<=\/):([^/,]+)/g, '{$1}')}], match trailing slash: ${paths[0]?.matchTrailingSlash}`,
        ]),
    ...(hosts === undefined ? [] : [`Hosts: [${texts(hosts)}]`]),
    ...(methods === undefined ? [] : [`Methods: [${methods.join(', ')}]`]),
    ...headers.map((one) => `Header: ${one.name} regexp=${expected(one)}`),
    ...queries.map((one) => `Query: param=${one.name} regexp=${expected(one)}`),
    ...cookies.map((one) => `Cookie: name=${one.name} regexp=${expected(one)}`),
    ...(remoteAddresses === undefined ? [] : [`RemoteAddrs: [${texts(remoteAddresses)}]`]),
    ...(after === undefined ? [] : [`After: ${new Date(after).toISOString()}`]),
    ...(before === undefined ? [] : [`Before: ${new Date(before).toISOString()}`]),
    ...(weight === undefined ? [] : [`Weight: ${weight.group} ${weight.weight}`]),
  ];
}

function expected({ equals, matches }: ValueMatch): string {
  return equals ?? matches?.source ?? 'null';
}
