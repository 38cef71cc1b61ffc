import { gatewayErrors } from '../errors.ts';

/** What stands in place of a match. */
export interface Replacement {
  /** As it was written. */
  readonly text: string;
  /** What it says whatever was matched. */
  readonly literals: readonly string[];
  /** The text for one match; `captured` answers with a capture, 0 for the whole match. */
  fill(captured: (index: number) => string | undefined): string;
}

/**
 * Reads a replacement as Java's `Matcher.appendReplacement` does: `$1` and `${name}` are captures, a backslash takes the
 * next character as it is. `$\{name}` is `${name}`, as Spring Cloud Gateway writes it. GATEWAY_ROUTE_INVALID.
 */
export function readReplacement(text: string, captures: readonly (string | undefined)[]): Replacement {
  const parts: (string | number)[] = [];
  const source = text.replaceAll('$\\', '$');
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const [reference, digits, name] = /^\$(?:(\d+)|\{([A-Za-z][A-Za-z0-9]*)\})/.exec(rest) ?? [];
    if (reference !== undefined) {
      const { index, length } = digits === undefined ? named(name, captures, text) : numbered(digits, captures, text);
      parts.push(index);
      at += length;
    } else if (rest.startsWith('$') || rest === '\\') {
      throw bad(text, `holds a "${rest[0]}" that says nothing; write "\\${rest[0]}" for the character itself`);
    } else {
      const isEscaped = rest.startsWith('\\');
      parts.push(rest.slice(isEscaped ? 1 : 0, isEscaped ? 2 : 1));
      at += isEscaped ? 2 : 1;
    }
  }
  return {
    text,
    literals: parts.filter((part) => typeof part === 'string'),
    fill: (captured) => parts.map((part) => (typeof part === 'string' ? part : (captured(part) ?? ''))).join(''),
  };
}

interface Reference {
  readonly index: number;
  /** Of its text. */
  readonly length: number;
}

function named(name: string | undefined, captures: readonly (string | undefined)[], text: string): Reference {
  const index = captures.indexOf(name) + 1;
  if (name === undefined || index === 0)
    throw bad(text, `names the group "${name}", which the expression does not have`);
  return { index, length: name.length + 3 };
}

/** As many digits as still name a group, as in Java. */
function numbered(digits: string, captures: readonly (string | undefined)[], text: string): Reference {
  let length = 1;
  while (length < digits.length && Number(digits.slice(0, length + 1)) <= captures.length) length += 1;
  const index = Number(digits.slice(0, length));
  if (index > captures.length) throw bad(text, `names the group ${index}; the expression has ${captures.length}`);
  return { index, length: length + 1 };
}

function bad(text: string, why: string) {
  return gatewayErrors.ROUTE_INVALID(`the replacement "${text}" ${why}`, { details: { replacement: text } });
}
