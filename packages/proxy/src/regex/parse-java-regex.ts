import { badRegex } from './bad-regex.ts';
import { readCharacterClass, readEscape } from './java-escapes.ts';
import type { ParsedRegex, RegexNode } from './regex-node.ts';

/** Longer expressions are no longer read by people either. */
const longest = 2_000;
const deepest = 50;
const largestCount = 1_000;

/**
 * Reads a regular expression as `java.util.regex.Pattern` writes it. Refused is what JavaScript has no counterpart of or
 * what cannot be matched in bounded time: possessive quantifiers and atomic groups, back-references, looking behind, flags
 * in the middle, classes within classes. GATEWAY_ROUTE_INVALID.
 */
export function parseJavaRegex(text: string): ParsedRegex {
  return new RegexReader(text).read();
}

class RegexReader {
  readonly #text: string;
  readonly #captures: (string | undefined)[] = [];
  #at = 0;
  #depth = 0;
  #aheads = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > longest) throw this.#bad(`has ${text.length} characters; at most ${longest} are taken`);
  }

  read(): ParsedRegex {
    const flags = this.#leadingFlags();
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#bad('holds a ")" without its "("');
    return { node, flags, captures: this.#captures };
  }

  #leadingFlags(): string {
    const [whole = '', letters = ''] = /^\(\?([a-zA-Z]+)\)/.exec(this.#text) ?? [];
    const odd = [...letters].find((letter) => !'ius'.includes(letter));
    if (odd !== undefined) throw this.#bad(`sets the flag "${odd}"; only i, s and u are supported`);
    this.#at = whole.length;
    return `u${letters.includes('i') ? 'i' : ''}${letters.includes('s') ? 's' : ''}`;
  }

  #choice(): RegexNode {
    const options = [this.#sequence()];
    while (this.#takes('|')) options.push(this.#sequence());
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at] ?? '')) {
      if (this.#text.startsWith('\\Q', this.#at)) this.#readQuoted(parts);
      else parts.push(this.#repeated(this.#atom()));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'sequence', parts };
  }

  /** A quantifier behind it counts for its last character. */
  #readQuoted(parts: RegexNode[]): void {
    const end = this.#text.indexOf('\\E', this.#at);
    const inside = [...this.#text.slice(this.#at + 2, end < 0 ? undefined : end)];
    this.#at = end < 0 ? this.#text.length : end + 2;
    const last = inside.pop();
    parts.push(...inside.map(literal));
    if (last !== undefined) parts.push(this.#repeated(literal(last)));
  }

  #atom(): RegexNode {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    if (character === '(') return this.#group();
    if (character === '[') {
      const { source, end } = readCharacterClass(this.#text, this.#at);
      this.#at = end;
      return { kind: 'character', source };
    }
    if (character === '\\') {
      const { node, end } = readEscape(this.#text, this.#at);
      this.#at = end;
      return node;
    }
    if ('*+?{'.includes(character)) throw this.#bad(`holds a "${character}" that repeats nothing`);
    this.#at += character.length;
    if (character === '^' || character === '$') return { kind: 'assertion', source: character };
    return character === '.' ? { kind: 'character', source: '.' } : literal(character);
  }

  #group(): RegexNode {
    const opening = /^\((?:\?(?:[:=!>]|<[=!]|<([A-Za-z][A-Za-z0-9]*)>|.?))?/.exec(this.#text.slice(this.#at)) ?? [''];
    const [start, name] = opening;
    if (start === '(?>') throw this.#bad('holds an atomic group "(?>"; write "(?:" in its place');
    if (start.startsWith('(?<') && name === undefined) throw this.#bad('looks behind, or names a group badly: "(?<"');
    if (!['(', '(?:', '(?=', '(?!'].includes(start) && name === undefined)
      throw this.#bad(`holds "${start}", which is not supported; flags stand at the beginning, as "(?i)"`);
    this.#at += start.length;
    this.#depth += 1;
    if (this.#depth > deepest) throw this.#bad(`nests groups more than ${deepest} deep`);
    const isAhead = start === '(?=' || start === '(?!';
    const index = start === '(' || name !== undefined ? this.#capture(name) : undefined;
    this.#aheads += Number(isAhead);
    const part = this.#choice();
    this.#aheads -= Number(isAhead);
    if (!this.#takes(')')) throw this.#bad('holds a "(" without its ")"');
    this.#depth -= 1;
    return isAhead ? { kind: 'ahead', part, isNegative: start === '(?!' } : { kind: 'group', part, index };
  }

  #capture(name: string | undefined): number {
    if (this.#aheads > 0) throw this.#bad('captures inside "(?=" or "(?!"; write "(?:" in place of "("');
    if (name !== undefined && this.#captures.includes(name)) throw this.#bad(`names two groups "${name}"`);
    return this.#captures.push(name);
  }

  #repeated(part: RegexNode): RegexNode {
    const [whole, symbol = '', least = '0', comma, most] =
      /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})/.exec(this.#text.slice(this.#at)) ?? [];
    if (whole === undefined) return part;
    if (part.kind === 'assertion' || part.kind === 'ahead') throw this.#bad('repeats what stands for no character');
    this.#at += whole.length;
    const isLazy = this.#takes('?');
    if (!isLazy && this.#takes('+'))
      throw this.#bad(`holds the possessive quantifier "${whole}+"; write "${whole}" in its place`);
    if (/^[*+?{]/.test(this.#text.slice(this.#at))) throw this.#bad('holds a quantifier after a quantifier');
    const bounds = symbol === '' ? counted(Number(least), comma !== undefined, most) : symbols[symbol];
    if (bounds === undefined || bounds.most < bounds.least) throw this.#bad(`holds "${whole}", which is no quantifier`);
    if (Math.max(bounds.least, bounds.most === Number.POSITIVE_INFINITY ? 0 : bounds.most) > largestCount)
      throw this.#bad(`counts to more than ${largestCount}`);
    return { kind: 'repeat', part, ...bounds, isLazy };
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #bad(why: string) {
    return badRegex(this.#text, why);
  }
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

const symbols: Readonly<Record<string, Bounds>> = {
  '*': { least: 0, most: Number.POSITIVE_INFINITY },
  '+': { least: 1, most: Number.POSITIVE_INFINITY },
  '?': { least: 0, most: 1 },
};

function counted(least: number, isRange: boolean, most: string | undefined): Bounds {
  if (!isRange) return { least, most: least };
  return { least, most: most === undefined ? Number.POSITIVE_INFINITY : Number(most) };
}

function literal(character: string): RegexNode {
  return { kind: 'character', source: character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&') };
}
