import type { Candidate, RequestContext } from './candidate.ts';
import { compareCandidates, fits } from './candidate.ts';
import type { HashTrie } from './hash-trie.ts';
import { hashed, noHash, valueAt, valuesOf, valueUnder, withoutValue, withValue } from './hash-trie.ts';
import type { PathPattern, PathSegment } from './path-pattern.ts';
import { compareSegments, fitsSegment } from './path-pattern.ts';
import type { RoutedRequest } from './route-rule.ts';

/** The candidates for one path, in the order in which they are tried; those for one exact host by that host. */
interface CandidateList {
  readonly general: readonly Candidate[];
  readonly byHost: HashTrie<HostCandidates>;
}

interface HostCandidates {
  /** The host. */
  readonly key: string;
  readonly candidates: readonly Candidate[];
}

const emptyList: CandidateList = { general: [], byHost: undefined };
const none: readonly PathNode[] = [];
const slash = 0x2f;
const percent = 0x25;
const semicolon = 0x3b;

/** The segment that stands behind a trailing slash. */
const emptySegment: PathSegment = { kind: 'literal', key: '', names: [], expression: undefined, score: 0, length: 0 };

/**
 * A trie of path patterns, a level for each segment. Immutable: a change copies the nodes on its way and shares the rest.
 * What is more specific is tried first, and a branch that leads nowhere is given up for the next.
 */
export class PathNode {
  /** The trie that holds nothing. */
  static empty(): PathNode {
    return PathNode.#for(emptySegment);
  }

  /** That of the segment: as literals, nodes are found by it. */
  readonly key: string;
  readonly segment: PathSegment;
  readonly literals: HashTrie<PathNode>;
  /** Variables, wildcards and shapes, the most specific first. */
  readonly branches: readonly PathNode[];
  /** For paths that end here. */
  readonly ends: CandidateList | undefined;
  /** For paths that end here or go on. */
  readonly rests: CandidateList | undefined;
  /** No candidate from here on has a lower order. A removal does not raise it. */
  readonly minOrder: number;

  private constructor(
    segment: PathSegment,
    literals: HashTrie<PathNode>,
    branches: readonly PathNode[],
    ends: CandidateList | undefined,
    rests: CandidateList | undefined,
    minOrder: number,
  ) {
    this.key = segment.key;
    this.segment = segment;
    this.literals = literals;
    this.branches = branches;
    this.ends = ends;
    this.rests = rests;
    this.minOrder = minOrder;
  }

  static #for(segment: PathSegment): PathNode {
    return new PathNode(segment, undefined, none, undefined, undefined, Number.POSITIVE_INFINITY);
  }

  get isEmpty(): boolean {
    const { ends, rests, literals, branches } = this;
    return ends === undefined && rests === undefined && literals === undefined && branches.length === 0;
  }

  child(segment: PathSegment): PathNode | undefined {
    if (segment.kind === 'literal') return valueUnder(this.literals, segment.key);
    return this.branches.find((branch) => compareSegments(branch.segment, segment) === 0);
  }

  /** With what `change` makes of a child, which is made if there is none. */
  withChild(segment: PathSegment, change: (child: PathNode) => PathNode, minOrder: number): PathNode {
    const child = change(this.child(segment) ?? PathNode.#for(segment));
    const { literals, branches, ends, rests } = this;
    if (segment.kind === 'literal') {
      return new PathNode(this.segment, withValue(literals, child), branches, ends, rests, minOrder);
    }
    const changed = [...branches.filter((branch) => compareSegments(branch.segment, segment) !== 0), child];
    changed.sort((one, other) => compareSegments(one.segment, other.segment));
    return new PathNode(this.segment, literals, changed, ends, rests, minOrder);
  }

  withoutChild(segment: PathSegment): PathNode {
    const { literals, branches, ends, rests, minOrder } = this;
    if (segment.kind === 'literal') {
      return new PathNode(this.segment, withoutValue(literals, segment.key), branches, ends, rests, minOrder);
    }
    const left = branches.filter((branch) => compareSegments(branch.segment, segment) !== 0);
    return new PathNode(this.segment, literals, left.length === 0 ? none : left, ends, rests, minOrder);
  }

  /** With what `change` makes of the candidates for this place: of those for the rest of a path, or of the others. */
  withList(isRest: boolean, change: (list: CandidateList) => CandidateList | undefined, minOrder: number): PathNode {
    const { segment, literals, branches, ends, rests } = this;
    if (isRest) return new PathNode(segment, literals, branches, ends, change(rests ?? emptyList), minOrder);
    return new PathNode(segment, literals, branches, change(ends ?? emptyList), rests, minOrder);
  }
}

/** The way to a pattern's place: its segments, and an empty one for a trailing slash that may be there. */
export function wayTo({ segments }: PathPattern, hasTrailingSlash: boolean): readonly PathSegment[] {
  return hasTrailingSlash ? [...segments, emptySegment] : segments;
}

/** With one more candidate. `refuse` sees those that are at the same place already. */
export function withCandidate(
  node: PathNode,
  way: readonly PathSegment[],
  candidate: Candidate,
  refuse: (other: Candidate) => void,
  depth = 0,
): PathNode {
  const minOrder = Math.min(node.minOrder, candidate.order);
  const segment = way[depth];
  if (segment === undefined) {
    const isRest = candidate.pattern.rest !== undefined;
    return node.withList(isRest, (list) => listWith(list, candidate, refuse), minOrder);
  }
  const change = (child: PathNode) => withCandidate(child, way, candidate, refuse, depth + 1);
  return node.withChild(segment, change, minOrder);
}

/** Without a candidate; undefined when nothing is left. */
export function withoutCandidate(
  node: PathNode,
  way: readonly PathSegment[],
  candidate: Candidate,
  depth = 0,
): PathNode | undefined {
  const segment = way[depth];
  let left: PathNode;
  if (segment === undefined) {
    const isRest = candidate.pattern.rest !== undefined;
    left = node.withList(isRest, (list) => listWithout(list, candidate), node.minOrder);
  } else {
    const inner = node.child(segment);
    if (inner === undefined) return node;
    const kept = withoutCandidate(inner, way, candidate, depth + 1);
    left = kept === undefined ? node.withoutChild(segment) : node.withChild(segment, () => kept, node.minOrder);
  }
  return left.isEmpty ? undefined : left;
}

/**
 * Found in place of a candidate where the walk came upon an encoding or a parameter: the path must be read first. Its order
 * keeps all others out.
 */
export const unread = { order: Number.NEGATIVE_INFINITY } as Candidate;

/**
 * The first candidate that fits a request, by order, then from left to right by segment, then as `compareCandidates` has
 * it. `from` is where the next segment begins. What is found later is less specific and replaces only a higher order.
 */
export function bestCandidate(
  node: PathNode,
  path: string,
  from: number,
  best: Candidate | undefined,
  request: RoutedRequest,
  context: RequestContext | undefined,
  isRead: boolean,
): Candidate | undefined {
  let end = from;
  let hash = noHash;
  for (; end < path.length; end += 1) {
    const code = path.charCodeAt(end);
    if (code === slash) break;
    if ((code === percent || code === semicolon) && !isRead) return unread;
    hash = hashed(hash, code);
  }
  const isLast = end === path.length;
  let found = best;
  const literal = valueAt(node.literals, path, from, end, hash);
  if (literal !== undefined && (found === undefined || literal.minOrder < found.order)) {
    found = isLast
      ? atEnd(literal, found, request, context)
      : bestCandidate(literal, path, end + 1, found, request, context, isRead);
  }
  for (const inner of node.branches) {
    if (found !== undefined && inner.minOrder >= found.order) continue;
    if (!fitsSegment(inner.segment, path, from, end, isLast, request.patterns)) continue;
    found = isLast
      ? atEnd(inner, found, request, context)
      : bestCandidate(inner, path, end + 1, found, request, context, isRead);
  }
  return node.rests === undefined ? found : firstFit(node.rests, found, request, context);
}

/** Every candidate whose path fits, in no particular order. */
export function* candidatesAt(node: PathNode, path: string, from = 1): Iterable<Candidate> {
  if (node.rests !== undefined) yield* allOf(node.rests);
  if (from > path.length) {
    if (node.ends !== undefined) yield* allOf(node.ends);
    return;
  }
  const next = path.indexOf('/', from);
  const end = next < 0 ? path.length : next;
  const literal = valueUnder(node.literals, path.slice(from, end));
  if (literal !== undefined) yield* candidatesAt(literal, path, end + 1);
  for (const inner of node.branches) {
    if (fitsSegment(inner.segment, path, from, end, next < 0)) yield* candidatesAt(inner, path, end + 1);
  }
}

function atEnd(
  node: PathNode,
  best: Candidate | undefined,
  request: RoutedRequest,
  context: RequestContext | undefined,
): Candidate | undefined {
  const found = node.ends === undefined ? best : firstFit(node.ends, best, request, context);
  return node.rests === undefined ? found : firstFit(node.rests, found, request, context);
}

function firstFit(
  { general, byHost }: CandidateList,
  best: Candidate | undefined,
  request: RoutedRequest,
  context: RequestContext | undefined,
): Candidate | undefined {
  const found = firstIn(general, best, request, context);
  if (byHost === undefined || context === undefined) return found;
  const { name, withPort } = context.host;
  const named = hostedFit(byHost, name, found, best, request, context);
  return name === withPort ? named : hostedFit(byHost, withPort, named, best, request, context);
}

/** `found` is of the same list, so that the sooner of two wins; `best` comes from before it and yields to a lower order only. */
function hostedFit(
  byHost: HashTrie<HostCandidates>,
  host: string,
  found: Candidate | undefined,
  best: Candidate | undefined,
  request: RoutedRequest,
  context: RequestContext,
): Candidate | undefined {
  const hosted = valueUnder(byHost, host);
  if (hosted === undefined) return found;
  const other = firstIn(hosted.candidates, best, request, context);
  if (other === best || other === undefined) return found;
  return found === undefined || found === best || compareCandidates(other, found) < 0 ? other : found;
}

function firstIn(
  list: readonly Candidate[],
  best: Candidate | undefined,
  request: RoutedRequest,
  context: RequestContext | undefined,
): Candidate | undefined {
  for (const candidate of list) {
    if (best !== undefined && candidate.order >= best.order) return best;
    if (fits(candidate, request, context)) return candidate;
  }
  return best;
}

function listWith(list: CandidateList, candidate: Candidate, refuse: (other: Candidate) => void): CandidateList {
  const exact = candidate.host?.exact;
  const same = exact === undefined ? list.general : (valueUnder(list.byHost, exact)?.candidates ?? []);
  for (const other of same) refuse(other);
  const next = same.findIndex((other) => compareCandidates(candidate, other) < 0);
  const changed = same.toSpliced(next < 0 ? same.length : next, 0, candidate);
  return exact === undefined
    ? { ...list, general: changed }
    : { ...list, byHost: withValue(list.byHost, { key: exact, candidates: changed }) };
}

function listWithout(list: CandidateList, candidate: Candidate): CandidateList | undefined {
  const exact = candidate.host?.exact;
  const same = exact === undefined ? list.general : (valueUnder(list.byHost, exact)?.candidates ?? []);
  const left = same.filter((other) => other !== candidate);
  const general = exact === undefined ? left : list.general;
  let { byHost } = list;
  if (exact !== undefined)
    byHost = left.length === 0 ? withoutValue(byHost, exact) : withValue(byHost, { key: exact, candidates: left });
  return general.length === 0 && byHost === undefined ? undefined : { general, byHost };
}

function* allOf({ general, byHost }: CandidateList): Iterable<Candidate> {
  yield* general;
  for (const { candidates } of valuesOf(byHost)) yield* candidates;
}
