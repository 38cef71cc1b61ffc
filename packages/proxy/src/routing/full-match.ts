import { gatewayErrors } from '../errors.ts';

/** Punctuation that Java lets one escape and JavaScript's Unicode mode does not. */
const needlessEscape = /\\(?:([^\w^$\\.*+?()[\]{}|/])|[\s\S])/g;

/**
 * A regular expression that must match a whole value, as Java's `matches()` does; a dot stands for any character. What
 * JavaScript reads differently (possessive quantifiers, `\Q…\E`, inline flags) is refused, and so is what can take time
 * exponential in the value: an unbounded repetition of something that itself repeats without bound. GATEWAY_ROUTE_INVALID.
 */
export function fullMatch(pattern: string): RegExp {
  const source = pattern.replace(needlessEscape, (escaped, plain: string | undefined) =>
    plain === '-' ? '\\x2d' : (plain ?? escaped),
  );
  let compiled: RegExp;
  try {
    compiled = new RegExp(`^(?:${source})$`, 'su');
  } catch (cause) {
    throw gatewayErrors.ROUTE_INVALID(`the regular expression "${pattern}" cannot be used: ${messageOf(cause)}`, {
      cause,
      details: { pattern },
    });
  }
  if (repeatsRepetition(source)) {
    throw gatewayErrors.ROUTE_INVALID(
      `the regular expression "${pattern}" repeats a group that holds a repetition or an alternative, which can take for ever; write it without the nested repetition`,
      { details: { pattern } },
    );
  }
  return compiled;
}

/** A text as an expression that matches it. */
export function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** How many groups an expression captures. */
export function groupCount(expression: RegExp): number {
  return (new RegExp(`${expression.source}|`, expression.flags).exec('')?.length ?? 1) - 1;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/^Invalid regular expression: /, '') : String(cause);
}

interface Group {
  /** Whether what was read of it so far could match one text in more than one way if it were repeated. */
  isRisky: boolean;
}

/** Conservative: `(a+)+`, `(a|b)*`, `(a{2,})*` and the like, however harmless their parts are. */
function repeatsRepetition(source: string): boolean {
  const open: Group[] = [{ isRisky: false }];
  let closed: Group | undefined;
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at];
    const before = closed;
    closed = undefined;
    if (character === '\\') at += 1;
    else if (character === '[') at = endOfClass(source, at);
    else if (character === '(') open.push({ isRisky: false });
    else if (character === ')') closed = open.pop();
    else if (character === '|') innermost(open).isRisky = true;
    else if (character === '*' || character === '+' || (character === '{' && isUnbounded(source, at))) {
      if (before?.isRisky === true) return true;
      innermost(open).isRisky = true;
    }
    if (closed?.isRisky === true) innermost(open).isRisky = true;
  }
  return false;
}

function innermost(open: readonly Group[]): Group {
  return open.at(-1) ?? { isRisky: false };
}

function isUnbounded(source: string, at: number): boolean {
  const [, maximum] = /^\{\d+(?:,(\d*))?\}/.exec(source.slice(at)) ?? [];
  return maximum !== undefined && (maximum === '' || Number(maximum) > 16);
}

function endOfClass(source: string, from: number): number {
  let at = from + 1;
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1;
  return at;
}
