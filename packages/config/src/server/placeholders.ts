import type { Scalar } from '../properties/property.ts';

const deepest = 20;
const longest = 2 ** 20;
/** Replacements in one text: keys that refer to each other must not cost more than that. */
const mostReplacements = 10_000;

interface Work {
  readonly lookup: (key: string) => Scalar | undefined;
  left: number;
}

/**
 * Replaces `${key}` and `${key:default}` by other keys of the same configuration, and by nothing else: no system
 * property, no environment variable, no expression. What cannot be resolved stays; `\${` stands for `${`.
 */
export function resolvePlaceholders(text: string, lookup: (key: string) => Scalar | undefined): string {
  return resolve(text, { lookup, left: mostReplacements }, 0).slice(0, longest);
}

function resolve(text: string, work: Work, depth: number): string {
  let resolved = '';
  let at = 0;
  while (at < text.length && resolved.length <= longest) {
    const start = text.indexOf('${', at);
    if (start < 0) return resolved + text.slice(at);
    const escaped = /\\{1,2}$/.exec(text.slice(Math.max(at, start - 2), start))?.[0].length ?? 0;
    const end = closing(text, start + 2);
    resolved += text.slice(at, start - escaped);
    if (end < 0) return resolved + text.slice(start);
    const whole = text.slice(start, end + 1);
    resolved += escaped > 0 || depth > deepest ? whole : replacement(whole, work, depth);
    at = end + 1;
  }
  return resolved;
}

function replacement(whole: string, work: Work, depth: number): string {
  work.left -= 1;
  if (work.left < 0) return whole;
  const inner = resolve(whole.slice(2, -1), work, depth + 1);
  const exact = work.lookup(inner);
  if (exact !== undefined) return resolve(String(exact), work, depth + 1);
  const colon = inner.indexOf(':');
  if (colon < 0) return whole;
  const value = work.lookup(inner.slice(0, colon));
  return value === undefined ? inner.slice(colon + 1) : resolve(String(value), work, depth + 1);
}

/** The brace that closes the placeholder, over nested ones; -1 when there is none. */
function closing(text: string, from: number): number {
  let open = 1;
  for (let index = from; index < text.length; index += 1) {
    if (text.startsWith('${', index)) open += 1;
    else if (text[index] === '}') open -= 1;
    if (open === 0) return index;
  }
  return -1;
}
