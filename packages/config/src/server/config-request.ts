import { configErrors } from '../errors.ts';

/** What a URL asks the config server for. */
export type Asked =
  | { readonly kind: 'environment'; readonly target: Target }
  | { readonly kind: 'text'; readonly target: Target; readonly format: TextFormat }
  | { readonly kind: 'resource'; readonly target: Target; readonly path: string };

/** An application's configuration, by profile and label. */
export interface Target {
  readonly names: readonly string[];
  readonly profiles: readonly string[];
  /** Several have commas between. */
  readonly label: string | undefined;
  /** The name and the profiles as they were asked for; the answer repeats them. */
  readonly raw: { readonly name: string; readonly profiles: string };
}

export type TextFormat = 'properties' | 'yml' | 'yaml' | 'json';

const textPattern = /^(.+)-([^-]+)\.(properties|yml|yaml|json)$/s;
const withoutProfile = /\b\.(?:ya?ml|properties|json)\b/;
const namePattern = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]{0,99}$/u;
const profilePattern = /^[\p{L}\p{N}](?:[\p{L}\p{N}_.@+-]{0,98}[\p{L}\p{N}])?$/u;
/** A part of a resource's path: not hidden, and no name that a file system would take for another. */
const partPattern = /^[\p{L}\p{N}_@+](?:[\p{L}\p{N}_.@+ (),=~-]{0,198}[\p{L}\p{N}_@+)~-])?$/u;
const longestList = 10;
const deepestPath = 20;

/**
 * Reads the path of a request, in all forms that Spring's server knows; undefined when it has none of them.
 * CONFIG_REQUEST_INVALID when something in it cannot be a name: names are checked against what a name may be, never
 * against what an attack looks like, so that no spelling of a path can slip through.
 *
 * After `EnvironmentController` and `ResourceController` of spring-cloud/spring-cloud-config.
 */
export function readConfigPath(url: string): Asked | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const segments = path.split('/').slice(1).map(decodeOnce);
  const [first = '', second = '', third = ''] = segments;
  if (segments.length === 0 || segments.includes('')) return undefined;
  if (segments.length === 1) return textOf(first, undefined);
  if (segments.length === 2) {
    if (textPattern.test(second)) return textOf(second, first);
    return withoutProfile.test(second) ? undefined : environmentOf(first, second, undefined);
  }
  if (segments.length > 3) return resourceOf(targetOf(first, second, third), segments.slice(3).join('/'));
  if (new URLSearchParams(query).has('useDefaultLabel')) return resourceOf(targetOf(first, second, undefined), third);
  return environmentOf(first, second, third);
}

function environmentOf(name: string, profiles: string, label: string | undefined): Asked {
  return { kind: 'environment', target: targetOf(name, profiles, label) };
}

function textOf(file: string, label: string | undefined): Asked | undefined {
  const [, name, profiles, format] = textPattern.exec(file) ?? [];
  if (name === undefined || profiles === undefined || format === undefined) return undefined;
  return { kind: 'text', target: targetOf(name, profiles, label), format: format as TextFormat };
}

function resourceOf(target: Target, encoded: string): Asked {
  const path = slashed(encoded);
  const parts = path.split('/');
  if (parts.length > deepestPath) throw invalid();
  for (const part of parts) demand(part, partPattern);
  return { kind: 'resource', target, path };
}

function targetOf(name: string, profiles: string, label: string | undefined): Target {
  const raw = { name: slashed(name), profiles };
  const names = listOf(raw.name);
  const labels = label === undefined ? [] : listOf(slashed(label));
  for (const part of [...names, ...labels].flatMap((one) => one.split('/'))) demand(part, namePattern);
  const profileList = listOf(profiles);
  for (const profile of profileList) demand(profile, profilePattern);
  return { names, profiles: profileList, label: label === undefined ? undefined : labels.join(','), raw };
}

/** Spring's clients write the `/` inside a name, a label or a path so. */
function slashed(text: string): string {
  return text.replaceAll('(_)', '/');
}

function listOf(text: string): readonly string[] {
  const items = text.split(',');
  if (items.length > longestList) throw invalid();
  return items;
}

function demand(text: string, pattern: RegExp): void {
  if (!pattern.test(text) || text.includes('..')) throw invalid();
}

function decodeOnce(segment: string): string {
  try {
    const decoded = decodeURIComponent(segment);
    if (!decoded.includes('/')) return decoded;
  } catch {}
  throw invalid();
}

/** Says nothing about what was asked for: it may be an attack's path. */
function invalid(): Error {
  return configErrors.REQUEST_INVALID(
    'a name, a profile, a label or a path in the address has characters that none may have',
  );
}
