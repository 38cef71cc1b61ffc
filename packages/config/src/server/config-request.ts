/** What a URL asks the config server for. */
export type Asked =
  | { readonly kind: 'environment'; readonly target: Target }
  | { readonly kind: 'text'; readonly target: Target; readonly format: TextFormat };

/** An application's configuration, by profile and label. */
export interface Target {
  readonly names: readonly string[];
  readonly profiles: readonly string[];
  readonly label: string | undefined;
  /** The profile segment and the label as they were asked for; the answer repeats them. */
  readonly raw: { readonly name: string; readonly profiles: string; readonly label: string | undefined };
}

export type TextFormat = 'properties' | 'yml' | 'yaml' | 'json';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}$/;
const profilePattern = /^[A-Za-z0-9](?:[A-Za-z0-9_.@+-]{0,98}[A-Za-z0-9])?$/;
const textPattern = /^(.+)-([^-]+)\.(properties|yml|yaml|json)$/;
const longestList = 10;

/**
 * Reads the path of a request. Undefined for everything but the plain forms: names are checked against what a name
 * may be, never against what an attack looks like, so that no encoding of a path can slip through.
 */
export function readConfigPath(url: string): Asked | undefined {
  const [path = ''] = url.split(/[?#]/, 1);
  const segments: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    const decoded = decodeOnce(segment);
    if (decoded === undefined || decoded.includes('/')) return undefined;
    segments.push(decoded);
  }
  const [first, second, third] = segments;
  if (first === undefined || segments.length > 3) return undefined;
  if (second === undefined) return textOf(first, undefined);
  if (third === undefined && textPattern.test(second)) return textOf(second, first);
  if (textPattern.test(second)) return undefined;
  const target = targetOf(first, second, third);
  return target && { kind: 'environment', target };
}

function textOf(file: string, label: string | undefined): Asked | undefined {
  const [, name, profiles, format] = textPattern.exec(file) ?? [];
  if (name === undefined || profiles === undefined || format === undefined) return undefined;
  const target = targetOf(name, profiles, label);
  return target && { kind: 'text', target, format: format as TextFormat };
}

function targetOf(name: string, profiles: string, label: string | undefined): Target | undefined {
  const names = listOf(name, namePattern);
  const profileList = listOf(profiles, profilePattern);
  const folder = label?.replaceAll('(_)', '/');
  if (names === undefined || profileList === undefined) return undefined;
  if (folder !== undefined && !folder.split('/').every((part) => isName(part, namePattern))) return undefined;
  return { names, profiles: profileList, label: folder, raw: { name, profiles, label: folder } };
}

function listOf(text: string, pattern: RegExp): readonly string[] | undefined {
  const items = text.split(',');
  return items.length <= longestList && items.every((item) => isName(item, pattern)) ? items : undefined;
}

function isName(text: string, pattern: RegExp): boolean {
  return pattern.test(text) && !text.includes('..');
}

function decodeOnce(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
