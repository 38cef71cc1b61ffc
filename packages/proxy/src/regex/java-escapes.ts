import { badRegex } from './bad-regex.ts';
import type { RegexNode } from './regex-node.ts';

/** What is left of an expression after one part of it. */
interface ReadEscape {
  readonly node: RegexNode;
  readonly end: number;
}

/** POSIX classes as Java names them, US-ASCII; the inside of a JavaScript class. */
const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: 'A-Za-z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9A-Fa-f',
  Space: ' \\t\\n\\v\\f\\r',
  IsAlphabetic: '\\p{Alphabetic}',
  IsDigit: '\\p{Nd}',
  IsLetter: '\\p{L}',
};

const sameLetters = 'dDwWsStnrf';
const otherLetters: Readonly<Record<string, string>> = { a: '\\x07', e: '\\x1b', h: ' \\t\\xa0', v: '\\n\\v\\f\\r' };

/** Reads the escape that begins at a backslash, outside of classes. */
export function readEscape(text: string, from: number): ReadEscape {
  const letter = text[from + 1] ?? '';
  if (letter === 'b' || letter === 'B') return { node: { kind: 'assertion', source: `\\${letter}` }, end: from + 2 };
  if (letter === 'A') return { node: { kind: 'assertion', source: '^' }, end: from + 2 };
  if (letter === 'z' || letter === 'Z') return { node: { kind: 'assertion', source: '$' }, end: from + 2 };
  if (/[1-9k]/.test(letter)) throw badRegex(text, `refers back with "\\${letter}", which takes unbounded time`);
  const { inside, isNegated, end } = escapedCharacters(text, from);
  const isPlain = !isNegated && (inside.length === 1 || /^\\(?:[^pP]|x..|u....|u\{.+\}|[pP]\{.+\})$/.test(inside));
  return { node: { kind: 'character', source: isPlain ? inside : `[${isNegated ? '^' : ''}${inside}]` }, end };
}

/** Reads the class that begins at a bracket. */
export function readCharacterClass(text: string, from: number): { readonly source: string; readonly end: number } {
  const isNegated = text[from + 1] === '^';
  let source = isNegated ? '[^' : '[';
  let at = from + source.length;
  if (text[at] === ']') throw badRegex(text, 'begins a class with "]"; write "\\]"');
  while (at < text.length && text[at] !== ']') {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === '[') throw badRegex(text, 'holds a class within a class; write its characters out, or "\\["');
    if (text.startsWith('&&', at)) throw badRegex(text, 'intersects classes with "&&"; write the characters out');
    if (character === '\\') {
      const escaped = escapedCharacters(text, at);
      if (escaped.isNegated) throw badRegex(text, `holds "${text.slice(at, escaped.end)}" inside a class`);
      source += escaped.inside;
      at = escaped.end;
    } else {
      source += '(){}/|'.includes(character) ? `\\${character}` : character;
      at += character.length;
    }
  }
  if (at >= text.length) throw badRegex(text, 'holds a "[" without its "]"');
  return { source: checked(text, `${source}]`), end: at + 1 };
}

interface EscapedCharacters {
  /** As it stands inside a JavaScript class. */
  readonly inside: string;
  readonly isNegated: boolean;
  readonly end: number;
}

function escapedCharacters(text: string, from: number): EscapedCharacters {
  const rest = text.slice(from + 1);
  const letter = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  if (rest === '') throw badRegex(text, 'ends with a backslash');
  if (/^[pP]/.test(letter)) return propertyOf(text, from, rest);
  const [hex, digits] = /^(?:x([0-9a-fA-F]{2})|u[0-9a-fA-F]{4}|x\{[0-9a-fA-F]{1,6}\})/.exec(rest) ?? [];
  if (hex !== undefined) {
    const inside = hex.startsWith('x{') ? `\\u${hex.slice(1)}` : `\\${hex}`;
    return {
      inside: digits === undefined ? checked(text, inside) : inside,
      isNegated: false,
      end: from + 1 + hex.length,
    };
  }
  const end = from + 1 + letter.length;
  if (sameLetters.includes(letter)) return { inside: `\\${letter}`, isNegated: false, end };
  const other = otherLetters[letter];
  if (other !== undefined) return { inside: other, isNegated: false, end };
  if (/^[A-Za-z0-9]$/.test(letter)) throw badRegex(text, `holds "\\${letter}", which is not supported`);
  return { inside: /[\^$\\.*+?()[\]{}|/-]/.test(letter) ? escapedMark(letter) : letter, isNegated: false, end };
}

/** JavaScript escapes a hyphen in classes only. */
function escapedMark(mark: string): string {
  return mark === '-' ? '\\x2d' : `\\${mark}`;
}

function propertyOf(text: string, from: number, rest: string): EscapedCharacters {
  const [whole, letter = '', braced, single = ''] = /^([pP])(?:\{(\w+)\}|([A-Z]))/.exec(rest) ?? [];
  if (whole === undefined) throw badRegex(text, `holds "\\${rest[0]}" without the name of a property`);
  const name = braced ?? single;
  const end = from + 1 + whole.length;
  const known = posix[name];
  if (known !== undefined) return { inside: known, isNegated: letter === 'P', end };
  return { inside: checked(text, `\\${letter}{${name.replace(/^Is/, '')}}`), isNegated: false, end };
}

function checked(text: string, source: string): string {
  try {
    new RegExp(source, 'u');
    return source;
  } catch {
    throw badRegex(text, `holds "${source}", which is no set of characters`);
  }
}
