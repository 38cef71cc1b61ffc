import { gatewayErrors } from '../errors.ts';
import type { JavaExpression } from '../regex/java-expression.ts';
import { javaExpression } from '../regex/java-expression.ts';
import { quoted } from '../regex/quoted.ts';

/** A compiled pattern of the Host field. */
export interface HostPattern {
  /** As it was written. */
  readonly text: string;
  /** The one host that it stands for, if it holds no pattern. */
  readonly exact: string | undefined;
  /** Whether its port counts; a pattern without one takes every port. */
  readonly hasPort: boolean;
  /** The variables that it binds, in order; each has its group in the expression. */
  readonly names: readonly string[];
  readonly expression: JavaExpression;
}

/** A Host field as it is matched. */
export interface MatchedHost {
  readonly name: string;
  readonly withPort: string;
}

const anything = javaExpression('.*');

/**
 * Reads a host pattern as Spring Cloud Gateway does, Ant with a dot as separator: `*` inside a label, `?` for one
 * character, `**` for any number of labels, `{name}` and `{name:regex}` for one label. Unlike there, case does not count
 * (RFC 9110 §4.2.3), and a port only when the pattern names one. GATEWAY_ROUTE_INVALID.
 *
 * @example
 * parseHostPattern('{tenant}.shop.example');
 */
export function parseHostPattern(text: string): HostPattern {
  const lower = text.replace(
    /(\{[^}]*\})|[A-Z]+/g,
    (part, variable: string | undefined) => variable ?? part.toLowerCase(),
  );
  const hasPort = /:[\d*?]+$|\]:/.test(lower);
  if (!/[*?{]/.test(lower)) {
    if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/.test(lower)) throw bad(text, 'is not a host');
    return { text, exact: lower, hasPort, names: [], expression: anything };
  }
  const names: string[] = [];
  const labels = labelsOf(lower, text);
  const source = labels.map((label, at) => labelSource(label, at === labels.length - 1, names, text)).join('');
  const expression = javaExpression(source);
  if (expression.captures.length !== names.length)
    throw bad(text, 'captures inside a variable; write (?:…) in place of (…)');
  if (new Set(names).size < names.length) throw bad(text, 'binds one variable twice');
  return { text, exact: undefined, hasPort, names, expression };
}

/** The spelling of a Host field that patterns are compared with. */
export function matchedHost(host: string): MatchedHost {
  const withPort = host.toLowerCase();
  let end = withPort.length;
  while (isDigit(withPort.charCodeAt(end - 1))) end -= 1;
  if (withPort.charCodeAt(end - 1) !== 0x3a) end = withPort.length + 1;
  // A name with the dot of the root is the same name.
  if (withPort.charCodeAt(end - 2) === 0x2e) end -= 1;
  return { name: end > withPort.length ? withPort : withPort.slice(0, end - 1), withPort };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether a host fits. */
export function fitsHost({ exact, hasPort, expression }: HostPattern, host: MatchedHost): boolean {
  const value = hasPort ? host.withPort : host.name;
  return exact === undefined ? expression.test(value) : exact === value;
}

/** The values of the variables of a pattern in a host that fits it. */
export function hostVariables(
  { names, hasPort, expression }: HostPattern,
  host: string,
): (readonly [string, string])[] {
  if (names.length === 0) return [];
  const matched = matchedHost(host);
  const groups = expression.exec(hasPort ? matched.withPort : matched.name);
  return names.map((name, at) => [name, groups?.[at + 1] ?? ''] as const);
}

/** Dots inside braces separate nothing. */
function labelsOf(lower: string, text: string): readonly string[] {
  const labels = lower.match(/(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^.{}])+/g) ?? [];
  if (labels.join('.') !== lower) throw bad(text, 'holds an empty label or an unpaired brace');
  return labels;
}

function labelSource(label: string, isLast: boolean, names: string[], text: string): string {
  if (label === '**') return isLast ? '(?=[^.]).+' : '(?:(?=[^.]).*\\.)?';
  const source = label.replace(
    /\{([A-Za-z_$][\w$-]*)(?::((?:[^{}]|\{[^{}]*\})+))?\}|\*+|\?|[^*?{]+|\{/g,
    (piece, name: string | undefined, constraint = '[^.]*') => {
      if (name !== undefined) {
        names.push(name);
        return `(${constraint})`;
      }
      if (piece === '{') throw bad(text, 'holds a variable without a proper name');
      if (piece.startsWith('*')) return '[^.]*';
      return piece === '?' ? '[^.]' : quoted(piece);
    },
  );
  return `(?=[^.])${source}${isLast ? '' : '\\.'}`;
}

function bad(pattern: string, why: string) {
  return gatewayErrors.ROUTE_INVALID(`the host pattern "${pattern}" ${why}`, { details: { pattern } });
}
