import type { DureError, Random } from '@dure/core';
import { isDureError, systemRandom } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import type { Candidate, FoundRoute, PlacedCandidate, RequestContext } from './candidate.ts';
import { candidatesOf, fitsOtherwise, foundRoute, isConflict } from './candidate.ts';
import type { HashTrie } from './hash-trie.ts';
import { valuesOf, valueUnder, withoutValue, withValue } from './hash-trie.ts';
import { matchedHost } from './host-pattern.ts';
import { anyPath, matchedPath } from './path-pattern.ts';
import { bestCandidate, candidatesAt, PathNode, unread, wayTo, withCandidate, withoutCandidate } from './path-trie.ts';
import type { RoutedRequest, RouteRule } from './route-rule.ts';
import { ruleProblem } from './rule-problem.ts';
import { WeightGroups } from './weight-groups.ts';

export interface RouteTableOptions {
  /** What weights choose by where the request brings no draw. Default: the machine's. */
  readonly random?: Random;
}

interface Entry {
  /** The rule's id. */
  readonly key: string;
  readonly rule: RouteRule;
  readonly place: number;
  readonly placed: readonly PlacedCandidate[];
}

interface Parts {
  readonly trie: PathNode;
  readonly entries: HashTrie<Entry>;
  readonly size: number;
  readonly groups: WeightGroups;
  /** How many rules name hosts: only then are they worked out. */
  readonly hosted: number;
  readonly nextPlace: number;
  readonly random: Random;
}

const methodOrder = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * The compiled routes of the edge. Immutable: a change gives a new table that shares all but the way to the changed route
 * with this one, at a cost that depends on the length of its path and not on the number of routes.
 *
 * Which route is found: the lowest order; then the more specific path, compared segment by segment from the left, as the
 * services' own router does it (a literal before a variable before `*` before `**`; inside a segment as Spring's
 * PathPattern ranks it); then the more specific host, a method before none, more header fields, more query parameters, as
 * the Kubernetes Gateway API ranks them; then the order of definition. Spring Cloud Gateway knows only order and definition:
 * whoever imports from there gives each of its routes an order of its own.
 */
export class RouteTable {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The table without routes. */
  static empty({ random = systemRandom }: RouteTableOptions = {}): RouteTable {
    const groups = WeightGroups.empty();
    return new RouteTable({
      trie: PathNode.empty(),
      entries: undefined,
      size: 0,
      groups,
      hosted: 0,
      nextPlace: 0,
      random,
    });
  }

  get size(): number {
    return this.#parts.size;
  }

  /** Every rule, in the order of definition. */
  get rules(): readonly RouteRule[] {
    const entries = [...valuesOf(this.#parts.entries)];
    return entries.sort((one, other) => one.place - other.place).map(({ rule }) => rule);
  }

  get(id: string): RouteRule | undefined {
    return valueUnder(this.#parts.entries, id)?.rule;
  }

  /**
   * The route of a request. HEAD is taken by what takes GET. A path with parameters (`/admin;x/y`) means one thing to
   * servers that strip them and another to those that do not: it leads somewhere only if both readings lead to one rule.
   */
  find(request: RoutedRequest): FoundRoute | undefined {
    const { path } = request;
    const { trie } = this.#parts;
    const context = this.#contextOf(request);
    let best = bestCandidate(trie, path, 1, undefined, request, context, false);
    if (best === unread) {
      best = bestCandidate(trie, matchedPath(path), 1, undefined, request, context, true);
      const stripped = path.replace(/;[^/]*/g, '');
      if (stripped !== path) {
        const other = bestCandidate(trie, matchedPath(stripped), 1, undefined, request, context, true);
        if (other?.rule !== best?.rule) return undefined;
      }
    }
    return best === undefined ? undefined : foundRoute(best, request);
  }

  /** The methods with which the request would find a route, OPTIONS with them; empty when there are none. */
  allowed(request: Omit<RoutedRequest, 'method'>): readonly string[] {
    const context = this.#contextOf(request);
    const asked = { ...request, method: '' };
    const methods = new Set<string>();
    for (const candidate of candidatesAt(this.#parts.trie, matchedPath(request.path))) {
      if (!fitsOtherwise(candidate, asked, context)) continue;
      for (const method of candidate.methods ?? methodOrder) methods.add(method);
    }
    methods.delete('OPTIONS');
    const taken = [...methods].filter((method) => this.find({ ...request, method }) !== undefined);
    return taken.length === 0 ? [] : [...taken.sort((one, other) => rank(one) - rank(other)), 'OPTIONS'];
  }

  /**
   * With one more rule, defined after all others unless its `place` is given. GATEWAY_ROUTE_INVALID; GATEWAY_ROUTE_CONFLICT
   * when its id is taken, or when it could not be told apart from another rule.
   */
  with(rule: RouteRule, place = this.#parts.nextPlace): RouteTable {
    const problem = ruleProblem(rule);
    if (problem !== undefined) throw problem;
    const parts = this.#parts;
    const known = valueUnder(parts.entries, rule.id);
    if (known !== undefined) throw idConflict(rule, known.rule);
    const placed = candidatesOf(rule, place, rule.match.paths ?? [anyPath]);
    let { trie } = parts;
    for (const { candidate, hasTrailingSlash } of placed) {
      trie = withCandidate(trie, wayTo(candidate.pattern, hasTrailingSlash), candidate, (other) => {
        if (isConflict(candidate, other)) throw conflict(candidate, other.rule);
      });
    }
    const { weight, hosts } = rule.match;
    return new RouteTable({
      ...parts,
      trie,
      entries: withValue(parts.entries, { key: rule.id, rule, place, placed }),
      size: parts.size + 1,
      groups: weight === undefined ? parts.groups : parts.groups.with(weight.group, rule.id, weight.weight),
      hosted: parts.hosted + (hosts === undefined ? 0 : 1),
      nextPlace: Math.max(parts.nextPlace, Math.floor(place) + 1),
    });
  }

  /** Without a rule; the same table when there is none of that id. */
  without(id: string): RouteTable {
    const parts = this.#parts;
    const entry = valueUnder(parts.entries, id);
    if (entry === undefined) return this;
    let { trie } = parts;
    for (const { candidate, hasTrailingSlash } of entry.placed) {
      trie = withoutCandidate(trie, wayTo(candidate.pattern, hasTrailingSlash), candidate) ?? PathNode.empty();
    }
    const { weight, hosts } = entry.rule.match;
    return new RouteTable({
      ...parts,
      trie,
      entries: withoutValue(parts.entries, id),
      size: parts.size - 1,
      groups: weight === undefined ? parts.groups : parts.groups.without(weight.group, id),
      hosted: parts.hosted - (hosts === undefined ? 0 : 1),
    });
  }

  #contextOf({ host = '', draw }: Omit<RoutedRequest, 'method'>): RequestContext | undefined {
    const { hosted, groups, random } = this.#parts;
    if (hosted === 0 && groups.isEmpty) return undefined;
    return { host: matchedHost(host), draw: groups.isEmpty ? 0 : (draw ?? random.next()), groups };
  }
}

/** Compiles rules in their order of definition. One error names all that cannot be used: GATEWAY_ROUTE_INVALID, GATEWAY_ROUTE_CONFLICT. */
export function routeTable(rules: Iterable<RouteRule>, options?: RouteTableOptions): RouteTable {
  let table = RouteTable.empty(options);
  const problems: DureError[] = [];
  for (const rule of rules) {
    try {
      table = table.with(rule);
    } catch (error) {
      if (!isDureError(error)) throw error;
      problems.push(error);
    }
  }
  throwAll(problems);
  return table;
}

/** Throws what went wrong as one error, if anything did. */
export function throwAll(problems: readonly DureError[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const isAllConflict = problems.every(({ code }) => code === gatewayErrors.ROUTE_CONFLICT.code);
  const make = isAllConflict ? gatewayErrors.ROUTE_CONFLICT : gatewayErrors.ROUTE_INVALID;
  const text = problems.map(({ message }) => message).join('; ');
  throw make(`${problems.length} routes cannot be used: ${text}`, {
    details: { problems: problems.map(({ code, message, details }) => ({ code, message, ...details })) },
  });
}

function rank(method: string): number {
  const at = methodOrder.indexOf(method);
  return at < 0 ? methodOrder.length : at;
}

/** GATEWAY_ROUTE_CONFLICT for two rules of one id. */
export function idConflict(rule: RouteRule, other: RouteRule): DureError {
  return gatewayErrors.ROUTE_CONFLICT(`${named(rule)} and ${named(other)} have the same id; give one of them another`, {
    details: { id: rule.id, sources: [rule.source, other.source] },
  });
}

function conflict({ rule, pattern }: Candidate, other: RouteRule): DureError {
  const methods = rule.match.methods?.join(', ') ?? 'every method of';
  return gatewayErrors.ROUTE_CONFLICT(
    `${named(rule)} and ${named(other)} both answer ${methods} ${pattern.text}; give one another path or a lower \`order\`, or leave one out`,
    { details: { id: rule.id, other: other.id, sources: [rule.source, other.source], path: pattern.text } },
  );
}

function named({ id, source }: RouteRule): string {
  return id === source ? id : `${id} (${source})`;
}
