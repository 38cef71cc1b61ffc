/**
 * Cache directives (RFC 9111 §5.2): names in lower case, values without quotes, `''` for none. Of a directive that is there
 * twice the first counts, and the stricter of the two forms of `no-cache` and `private`.
 */
export type Directives = ReadonlyMap<string, string>;

/** What nobody stated. */
export const noDirectives: Directives = new Map();

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const unlimitedSeconds = 2 ** 31;
/** Directives that are stricter without a list of fields than with one. */
const listed: ReadonlySet<string> = new Set(['no-cache', 'private']);

/** Reads a `Cache-Control` value. Whatever a broken one might have meant to forbid is forbidden. */
export function readDirectives(value: string | undefined): Directives {
  if (value === undefined) return noDirectives;
  const directives = new Map<string, string>();
  for (const item of splitList(value) ?? ['no-store']) {
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).trim().toLowerCase();
    if (!token.test(name)) continue;
    add(directives, name, equals < 0 ? '' : unquoted(item.slice(equals + 1).trim()));
  }
  return directives;
}

/** The seconds that a directive states; undefined when it is not there. What is no number counts as 0: stale. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), unlimitedSeconds) : 0;
}

/** The fields, in lower case, that a directive such as `no-cache="a, b"` lists; empty when it lists none. */
export function listedFields(directives: Directives, name: string): readonly string[] {
  const value = directives.get(name);
  if (value === undefined || value === '') return [];
  return value
    .split(',')
    .map((field) => field.trim().toLowerCase())
    .filter((field) => field !== '');
}

/** Splits at the commas that stand in no quoted string; undefined when a quoted string does not end. */
export function splitList(value: string): readonly string[] | undefined {
  if (!value.includes('"')) return value.split(',');
  const items: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) {
      items.push(value.slice(from, at));
      from = at + 1;
    }
  }
  if (quoted) return undefined;
  items.push(value.slice(from));
  return items;
}

function add(directives: Map<string, string>, name: string, value: string): void {
  const known = directives.get(name);
  if (known === undefined) directives.set(name, value);
  else if (listed.has(name)) directives.set(name, known === '' || value === '' ? '' : `${known},${value}`);
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    : value;
}
