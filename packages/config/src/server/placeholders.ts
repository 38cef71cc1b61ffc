import type { Scalar } from '../properties/property.ts';

const deepest = 20;
/** Replacements in one text, and the characters they may bring: keys that refer to each other must not cost more. */
const mostReplacements = 10_000;
const mostCharacters = 2 ** 20;

interface Work {
  readonly lookup: (key: string) => Scalar | undefined;
  replacements: number;
  characters: number;
}

/**
 * Replaces `${key}` and `${key:default}` by other keys of the same configuration, and by nothing else: no system
 * property, no environment variable, no expression. What cannot be resolved stays; `\${` and `\\${` stand for `${`.
 */
export function resolvePlaceholders(text: string, lookup: (key: string) => Scalar | undefined): string {
  return resolve(text, { lookup, replacements: mostReplacements, characters: mostCharacters }, 0);
}

function resolve(text: string, work: Work, depth: number): string {
  if (depth > deepest || !text.includes('${')) return text;
  const pairs = bracePairs(text);
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('${', at);
    if (start < 0) break;
    const escaped = /\\{1,2}$/.exec(text.slice(Math.max(at, start - 2), start))?.[0].length ?? 0;
    const end = escaped > 0 ? undefined : pairs.get(start + 1);
    parts.push(text.slice(at, start - escaped));
    parts.push(end === undefined ? '${' : replacement(text.slice(start, end + 1), work, depth));
    at = end === undefined ? start + 2 : end + 1;
  }
  return parts.join('') + text.slice(at);
}

function replacement(whole: string, work: Work, depth: number): string {
  work.replacements -= 1;
  if (work.replacements < 0) return whole;
  const inner = resolve(whole.slice(2, -1), work, depth + 1);
  const colon = inner.indexOf(':');
  const found = work.lookup(inner) ?? (colon < 0 ? undefined : work.lookup(inner.slice(0, colon)));
  if (found === undefined) return colon < 0 ? whole : inner.slice(colon + 1);
  const value = String(found);
  work.characters -= value.length;
  return work.characters < 0 ? whole : resolve(value, work, depth + 1);
}

/** Where each opening brace is closed; those that never are have no entry. */
function bracePairs(text: string): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: brace, index } of text.matchAll(/[{}]/g)) {
    if (brace === '{') open.push(index);
    else pairs.set(open.pop() ?? -1, index);
  }
  return pairs;
}
