import type { HostPattern, MatchedHost } from './host-pattern.ts';
import { fitsHost, hostVariables } from './host-pattern.ts';
import type { PathPattern } from './path-pattern.ts';
import { pathVariables, variableNames } from './path-pattern.ts';
import type { RequestCondition } from './request-conditions.ts';
import { requestConditions } from './request-conditions.ts';
import type { RoutedRequest, RouteRule } from './route-rule.ts';
import type { WeightGroups } from './weight-groups.ts';

/** The route of a request, and what its patterns bound there. */
export interface FoundRoute {
  readonly rule: RouteRule;
  /** Of the path and the host, percent-decoded; those of the path win. Worked out when they are asked for. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What is known of a request beside itself, where some route of the table needs it. */
export interface RequestContext {
  readonly host: MatchedHost;
  readonly draw: number;
  readonly groups: WeightGroups;
}

/** One way in which a rule can match: with one of its paths and one of its hosts. */
export interface Candidate {
  readonly rule: RouteRule;
  readonly order: number;
  readonly pattern: PathPattern;
  readonly host: HostPattern | undefined;
  /** With HEAD where GET is; undefined takes every method. */
  readonly methods: readonly string[] | undefined;
  readonly conditions: readonly RequestCondition[] | undefined;
  /** Among candidates of one order and one path the larger comes first. */
  readonly specificity: number;
  /** The place in the order of definition. */
  readonly place: number;
  /** What is found when nothing is bound. */
  readonly bare: FoundRoute | undefined;
}

/** A candidate for a path, once as it is written and once with the slash that may follow. */
export interface PlacedCandidate {
  readonly candidate: Candidate;
  readonly hasTrailingSlash: boolean;
}

/** Every way in which a rule can match. */
export function candidatesOf(
  rule: RouteRule,
  place: number,
  paths: readonly PathPattern[],
): readonly PlacedCandidate[] {
  const conditions = requestConditions(rule.match);
  const methods = methodsTaken(rule.match.methods);
  const hosts: readonly (HostPattern | undefined)[] = rule.match.hosts ?? [undefined];
  const placed: PlacedCandidate[] = [];
  for (const pattern of paths) {
    for (const host of hosts) {
      const bindsNothing = variableNames(pattern).length === 0 && (host?.names.length ?? 0) === 0;
      const bare = bindsNothing ? { rule, variables: none } : undefined;
      const common = { rule, order: rule.order, pattern, host, methods, conditions, place, bare };
      const specificity = specificityOf(rule, host);
      placed.push({ candidate: { ...common, specificity: specificity + 1 }, hasTrailingSlash: false });
      if (pattern.matchTrailingSlash && pattern.rest === undefined && pattern.segments.at(-1)?.key !== '') {
        placed.push({ candidate: { ...common, specificity }, hasTrailingSlash: true });
      }
    }
  }
  return placed;
}

/** Negative when a candidate comes before another one for the same path. */
export function compareCandidates(one: Candidate, other: Candidate): number {
  return one.order - other.order || other.specificity - one.specificity || one.place - other.place;
}

/** Whether two candidates for the same path take the same requests at the same rank, so that one would never be found. */
export function isConflict(one: Candidate, other: Candidate): boolean {
  return (
    one.rule !== other.rule &&
    one.order === other.order &&
    one.specificity === other.specificity &&
    one.host?.text === other.host?.text &&
    one.rule.match.weight === undefined &&
    other.rule.match.weight === undefined &&
    sharesMethod(one.rule.match.methods, other.rule.match.methods) &&
    conditionsText(one.rule) === conditionsText(other.rule)
  );
}

/** Whether a request fits a candidate whose path is its own. */
export function fits(candidate: Candidate, request: RoutedRequest, context: RequestContext | undefined): boolean {
  return takes(candidate.methods, request.method) && fitsOtherwise(candidate, request, context);
}

/** By hand, because a call of `includes` costs more than to compare the one or two that there are. */
function takes(methods: readonly string[] | undefined, method: string): boolean {
  if (methods === undefined) return true;
  for (const one of methods) if (one === method) return true;
  return false;
}

/** Whether a request fits but for its method. */
export function fitsOtherwise(
  { host, conditions, rule }: Candidate,
  request: RoutedRequest,
  context: RequestContext | undefined,
): boolean {
  if (host !== undefined && !(context !== undefined && fitsHost(host, context.host))) return false;
  if (conditions !== undefined) for (const condition of conditions) if (!condition(request)) return false;
  const { weight } = rule.match;
  return (
    weight === undefined || (context !== undefined && context.groups.chosen(weight.group, context.draw) === rule.id)
  );
}

/** What a fitting candidate comes to. */
export function foundRoute(candidate: Candidate, { path, host }: RoutedRequest): FoundRoute {
  return candidate.bare ?? new BindingRoute(candidate, path, host ?? '');
}

const none: Readonly<Record<string, string>> = Object.freeze({});

class BindingRoute implements FoundRoute {
  readonly rule: RouteRule;
  private readonly candidate: Candidate;
  private readonly path: string;
  private readonly host: string;

  constructor(candidate: Candidate, path: string, host: string) {
    this.rule = candidate.rule;
    this.candidate = candidate;
    this.path = path;
    this.host = host;
  }

  get variables(): Readonly<Record<string, string>> {
    const { host, pattern } = this.candidate;
    const ofHost = host === undefined ? [] : hostVariables(host, this.host);
    return Object.fromEntries([...ofHost, ...pathVariables(pattern, this.path)]);
  }
}

/** One list for all candidates that take one method, as nearly all do: a list of its own would be one more cache miss. */
const singleMethods = new Map(
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, method === 'GET' ? ['GET', 'HEAD'] : [method]]),
);

function methodsTaken(methods: readonly string[] | undefined): readonly string[] | undefined {
  const [first = '', ...others] = methods ?? [];
  if (others.length === 0) return singleMethods.get(first) ?? methods;
  return methods?.includes('GET') === true && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}

function sharesMethod(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.some((method) => other.includes(method));
}

/**
 * An exact host before a pattern and the longer pattern first, as the Gateway API ranks them; then a method, the number of
 * header fields, of query parameters (HTTPRouteRule.matches), of the rest. HEAD by name comes before GET, which takes it too.
 */
function specificityOf({ match }: RouteRule, host: HostPattern | undefined): number {
  const { methods, headers = [], queries = [], cookies = [], remoteAddresses, after, before, weight } = match;
  const others = [remoteAddresses, after, before, weight].filter((one) => one !== undefined).length + cookies.length;
  const digits: readonly (readonly [value: number, base: number])[] = [
    [host === undefined ? 0 : host.exact === undefined ? 1 : 2, 3],
    [host?.text.length ?? 0, 1_024],
    [methods === undefined ? 0 : methods.includes('HEAD') ? 2 : 1, 3],
    [headers.length, 64],
    [queries.length, 64],
    [others, 64],
    [0, 2],
  ];
  return digits.reduce((sum, [value, base]) => sum * base + Math.min(value, base - 1), 0);
}

function conditionsText({ match }: RouteRule): string {
  const { headers, queries, cookies, remoteAddresses, after, before } = match;
  const values = [headers, queries, cookies].map((list = []) =>
    list.map(({ name, equals, matches }) => [name, equals ?? null, matches?.source ?? null]),
  );
  return JSON.stringify([values, remoteAddresses?.map(({ text }) => text), after, before]);
}
