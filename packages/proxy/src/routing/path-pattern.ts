import { gatewayErrors } from '../errors.ts';
import type { JavaExpression } from '../regex/java-expression.ts';
import { javaExpression } from '../regex/java-expression.ts';
import { quoted } from '../regex/quoted.ts';
import type { StepBudget } from '../regex/run-program.ts';

/** One part of a path pattern between two slashes. */
export interface PathSegment {
  readonly kind: 'literal' | 'variable' | 'wildcard' | 'shape';
  /** What it matches, in one spelling and without the names of variables: equal keys match the same. */
  readonly key: string;
  /** The variables that it binds, in order. */
  readonly names: readonly string[];
  /** What the decoded value must match; each name has its group in the expression of a shape. */
  readonly expression: JavaExpression | undefined;
  /** Spring's weights: 1 for each variable, 100 for each `*`; lower is more specific. */
  readonly score: number;
  /** Spring's normalised length: that of the text without the names of variables; longer is more specific. */
  readonly length: number;
}

/** A compiled path pattern. */
export interface PathPattern {
  /** As it was written. */
  readonly text: string;
  readonly segments: readonly PathSegment[];
  /** What takes the rest of the path, if anything does: `**`, or the variable of `{*rest}`. */
  readonly rest: { readonly name: string | undefined } | undefined;
  /** Whether `/a/` matches where `/a` does. */
  readonly matchTrailingSlash: boolean;
}

export interface PathPatternOptions {
  /** Default false; Spring Cloud Gateway's default is true. */
  readonly matchTrailingSlash?: boolean;
}

/** The pattern that every path matches. */
export const anyPath: PathPattern = {
  text: '/**',
  segments: [],
  rest: { name: undefined },
  matchTrailingSlash: false,
};

/**
 * Reads a path pattern: `/stock/:sku` as contracts write it, or Spring's PathPattern with `{sku}`, `{sku:regex}`, `?` for
 * one character, `*` for any inside a segment, and `**` or `{*rest}` for any number of segments at the end.
 * Literal text is matched in the spelling of `readTarget`, whatever its spelling here. GATEWAY_ROUTE_INVALID.
 *
 * @example
 * parsePathPattern('/files/{name}.{type:png|jpe?g}');
 */
export function parsePathPattern(text: string, { matchTrailingSlash = false }: PathPatternOptions = {}): PathPattern {
  if (!text.startsWith('/')) throw bad(text, 'does not begin with "/"');
  const parts = text.slice(1).split('/');
  const rest = restOf(parts.at(-1) ?? '');
  if (rest !== undefined) parts.pop();
  const segments = parts.map((part) => parseSegment(part, text));
  if (segments.some((segment, at) => segment.key === '' && at < segments.length - (rest === undefined ? 1 : 0))) {
    throw bad(text, 'holds an empty segment ("//")');
  }
  const names = [...segments.flatMap((segment) => segment.names), ...(rest?.name === undefined ? [] : [rest.name])];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw bad(text, `binds "${twice}" twice`);
  return { text, segments, rest, matchTrailingSlash };
}

/** The names of a pattern's variables, from left to right. */
export function variableNames({ segments, rest }: PathPattern): readonly string[] {
  const names = segments.flatMap((segment) => segment.names);
  return rest?.name === undefined ? names : [...names, rest.name];
}

/**
 * Negative when a segment is more specific than another: by Spring's score, then length (PathPattern's
 * SPECIFICITY_COMPARATOR, applied to one segment), then a variable with an expression before one without. The text
 * decides last, as in Spring's `compareTo`, so that two different segments never rank the same.
 */
export function compareSegments(one: PathSegment, other: PathSegment): number {
  if (one.key === other.key && one.kind === other.kind) return 0;
  if (one.kind === 'literal' || other.kind === 'literal') {
    return one.kind === other.kind ? compareText(one.key, other.key) : one.kind === 'literal' ? -1 : 1;
  }
  return (
    one.score - other.score ||
    other.length - one.length ||
    Number(one.expression === undefined) - Number(other.expression === undefined) ||
    compareText(one.key, other.key)
  );
}

/** Whether the part of a path from `from` to `end` fits a segment. `isLast`: nothing follows it, not even a slash. */
export function fitsSegment(
  segment: PathSegment,
  path: string,
  from: number,
  end: number,
  isLast: boolean,
  budget?: StepBudget,
): boolean {
  const { kind, expression } = segment;
  // Spring: `/a/*` takes `/a/`, while elsewhere a wildcard, and a variable everywhere, stands for something.
  if (kind === 'wildcard') return end > from || isLast;
  if (kind === 'literal') return path.slice(from, end) === segment.key;
  if (end === from) return false;
  return expression === undefined || expression.test(decoded(path.slice(from, end)), budget);
}

/** The values of the variables of a pattern in a path that matches it, percent-decoded. */
export function pathVariables({ segments, rest }: PathPattern, path: string): (readonly [string, string])[] {
  const bound: (readonly [string, string])[] = [];
  let from = 1;
  for (const segment of segments) {
    const slash = path.indexOf('/', from);
    const end = slash < 0 ? path.length : slash;
    if (segment.names.length > 0) bound.push(...segmentVariables(segment, decoded(path.slice(from, end))));
    from = end + 1;
  }
  if (rest?.name !== undefined) bound.push([rest.name, decoded(path.slice(from - 1))]);
  return bound;
}

function segmentVariables({ kind, names, expression }: PathSegment, value: string): (readonly [string, string])[] {
  if (kind === 'variable') return names.map((name) => [name, value] as const);
  const groups = expression?.exec(value);
  return names.map((name, at) => [name, groups?.[at + 1] ?? ''] as const);
}

/** Text that is not UTF-8 once it is decoded stays as it is; no request target holds any. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function restOf(part: string): PathPattern['rest'] {
  if (part === '**') return { name: undefined };
  const [, name] = /^\{\*([A-Za-z_$][\w$-]*)\}$/.exec(part) ?? [];
  return name === undefined ? undefined : { name };
}

function parseSegment(part: string, pattern: string): PathSegment {
  const [, parameter] = /^:([A-Za-z_]\w*)$/.exec(part) ?? [];
  if (parameter !== undefined) return variable(parameter, undefined, pattern);
  if (part === '*') return { kind: 'wildcard', key: '*', names: [], expression: undefined, score: 100, length: 1 };
  const pieces = piecesOf(part, pattern);
  const [first] = pieces;
  if (pieces.length === 1 && first?.kind === 'variable') return variable(first.name, first.constraint, pattern);
  if (pieces.every(({ kind }) => kind === 'text')) return literal(part);
  return shape(part, pieces, pattern);
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' | 'any' }
  | { readonly kind: 'variable'; readonly name: string; readonly constraint: string | undefined };

function piecesOf(part: string, pattern: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < part.length; ) {
    const character = part[at];
    if (character === '{') {
      const end = closingBrace(part, at, pattern);
      pieces.push(variablePiece(part.slice(at + 1, end), pattern));
      at = end + 1;
      continue;
    }
    if (character === '}') throw bad(pattern, 'holds a "}" without its "{"');
    if (character === '?') pieces.push({ kind: 'one' });
    else if (character === '*') pieces.push({ kind: 'any' });
    const text = /^[^{}?*]+/.exec(part.slice(at))?.[0];
    if (text !== undefined) pieces.push({ kind: 'text', text });
    at += text?.length ?? 1;
  }
  return pieces;
}

function closingBrace(part: string, from: number, pattern: string): number {
  let depth = 0;
  for (let at = from; at < part.length; at += 1) {
    if (part[at] === '\\') at += 1;
    else if (part[at] === '{') depth += 1;
    else if (part[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw bad(pattern, 'holds a "{" without its "}"');
}

function variablePiece(inside: string, pattern: string): Piece {
  const colon = inside.indexOf(':');
  const name = colon < 0 ? inside : inside.slice(0, colon);
  const constraint = colon < 0 ? undefined : inside.slice(colon + 1);
  if (name.startsWith('*')) throw bad(pattern, `holds "{${name}}" elsewhere than as its last segment`);
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) throw bad(pattern, `holds a variable whose name is "${name}"`);
  if (constraint === '') throw bad(pattern, `holds no expression after "{${name}:"`);
  return { kind: 'variable', name, constraint };
}

function variable(name: string, constraint: string | undefined, pattern: string): PathSegment {
  const key = constraint === undefined ? '{}' : `{:${constraint}}`;
  const expression = constraint === undefined ? undefined : constraintOf(constraint, pattern);
  return { kind: 'variable', key, names: [name], expression, score: 1, length: 1 };
}

function shape(part: string, pieces: readonly Piece[], pattern: string): PathSegment {
  const names: string[] = [];
  let [key, source, score] = ['', '', 0];
  for (const [at, piece] of pieces.entries()) {
    if (piece.kind === 'variable') {
      const { name, constraint = '.*' } = piece;
      constraintOf(constraint, pattern);
      names.push(name);
      key += `{:${constraint}}`;
      source += `(${constraint})`;
      score += 1;
    } else if (piece.kind === 'text') {
      key += normalText(piece.text);
      source += quoted(decoded(piece.text));
    } else {
      const before = pieces[at - 1];
      // Spring, for compatibility with AntPathMatcher: the star of `.*` does not count as a wildcard.
      if (piece.kind === 'any' && !(before?.kind === 'text' && before.text.endsWith('.'))) score += 100;
      if (piece.kind === 'any' && before?.kind === 'any')
        throw bad(pattern, 'holds "**" elsewhere than as its last segment');
      key += piece.kind === 'any' ? '*' : '?';
      source += piece.kind === 'any' ? '.*' : '.';
    }
  }
  const length = part.length - names.reduce((sum, name) => sum + name.length + 1, 0);
  return { kind: 'shape', key, names, expression: javaExpression(source), score, length };
}

function constraintOf(constraint: string, pattern: string): JavaExpression {
  const expression = javaExpression(constraint);
  if (expression.captures.length > 0)
    throw bad(pattern, `captures inside "{…:${constraint}}"; write (?:…) in place of (…)`);
  return expression;
}

function literal(text: string): PathSegment {
  const key = normalText(text);
  return { kind: 'literal', key, names: [], expression: undefined, score: 0, length: text.length };
}

/** RFC 3986 §3.3: what a segment may hold without encoding. A semicolon that is encoded is no separator of parameters. */
const encodedPlain = /%(?:2[1467-9A-C]|3[AD]|40)/g;

/** A path as it is matched: characters that need no encoding have none. Its other encodings are those of `readTarget`. */
export function matchedPath(path: string): string {
  return path.replace(encodedPlain, decodeURIComponent);
}

function normalText(text: string): string {
  return matchedPath(encodeURIComponent(decoded(text)));
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function bad(pattern: string, why: string) {
  return gatewayErrors.ROUTE_INVALID(`the path pattern "${pattern}" ${why}`, { details: { pattern } });
}
