import type { Directives } from './cache-control.ts';
import { noDirectives, readDirectives } from './cache-control.ts';

/** What a request says to caches. */
export interface Asked {
  readonly directives: Directives;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifRange: string | undefined;
  readonly range: string | undefined;
  /** `If-Match`, `If-Unmodified-Since`: only the service can tell (RFC 9111 §4.3.2). */
  readonly hasPrecondition: boolean;
}

type Mutable = { -readonly [K in keyof Asked]: Asked[K] };

const nothing: Asked = {
  directives: noDirectives,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  ifRange: undefined,
  range: undefined,
  hasPrecondition: false,
};

/** Lengths of the names that matter: most lines are passed over by them alone. */
const lengths: ReadonlySet<number> = new Set([5, 8, 13, 17, 19]);

/** Reads the lines of a request (`field-lines.ts`), once. */
export function readAsked(lines: string): Asked {
  let asked: Mutable | undefined;
  let control: string | undefined;
  for (let from = 0; from < lines.length; ) {
    const lineEnd = lines.indexOf('\r\n', from);
    const end = lineEnd < 0 ? lines.length : lineEnd;
    const colon = lines.indexOf(':', from);
    if (colon > from && colon < end && lengths.has(colon - from)) {
      const name = lines.slice(from, colon).toLowerCase();
      const value = lines.slice(colon + 1, end).trim();
      if (name === 'cache-control') control = control === undefined ? value : `${control},${value}`;
      else asked = add(asked, name, value);
    }
    from = end + 2;
  }
  if (control === undefined) return asked ?? nothing;
  asked ??= { ...nothing };
  asked.directives = readDirectives(control);
  return asked;
}

/** Whether a request wants something only if it has changed, or only a part of it. */
export function isConditional({ ifNoneMatch, ifModifiedSince, range }: Asked): boolean {
  return (ifNoneMatch ?? ifModifiedSince ?? range) !== undefined;
}

function add(asked: Mutable | undefined, name: string, value: string): Mutable | undefined {
  switch (name) {
    case 'range':
      return { ...(asked ?? nothing), range: value };
    case 'if-match':
    case 'if-unmodified-since':
      return { ...(asked ?? nothing), hasPrecondition: true };
    case 'if-range':
      return { ...(asked ?? nothing), ifRange: value };
    case 'if-none-match': {
      const before = asked?.ifNoneMatch;
      return { ...(asked ?? nothing), ifNoneMatch: before === undefined ? value : `${before},${value}` };
    }
    case 'if-modified-since':
      return { ...(asked ?? nothing), ifModifiedSince: value };
    default:
      return asked;
  }
}
