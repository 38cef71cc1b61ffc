import type { ConfigRequest } from '../../properties/config-folder.ts';
import type { GitTree } from './git-tree.ts';

const valid = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*(\/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)*$/;

/**
 * What a text with `{application}` and `{profile}` in it stands for, in Spring's order: profile by profile, and in each
 * name by name.
 */
export function expand(text: string, { names, profiles, mayRead }: ConfigRequest): readonly string[] {
  const expanded = new Set<string>();
  for (const profile of text.includes('{profile}') ? profiles : ['']) {
    for (const name of text.includes('{application}') ? names : ['']) {
      if (![name, profile].every((value) => value === '' || (valid.test(value) && !value.includes('..')))) continue;
      const fill = (part: string) => part.replaceAll('{application}', name).replaceAll('{profile}', profile);
      const parts = text.split('/').filter((part) => part.includes('{profile}'));
      // What a profile makes the name of another application is that one's.
      if (parts.every((part) => mayRead?.(fill(part)) !== false)) expanded.add(fill(text));
    }
  }
  return [...expanded];
}

/** The folders of a commit that count for a request, the lowest precedence first; the root is the lowest. */
export function searchLocations(
  searchPaths: readonly string[],
  request: ConfigRequest,
  label: string,
  tree: GitTree,
): readonly string[] {
  const found = new Set(['']);
  for (const path of searchPaths) {
    for (const expanded of expand(path, request)) {
      for (const folder of tree.folders(expanded.replaceAll('{label}', label))) found.add(folder);
    }
  }
  return [...found];
}

/**
 * Whether a pattern `application/profile` names what is asked for; `*` stands for anything, and a pattern without a
 * profile for all. One that does not end in `*` also names it followed by further profiles.
 *
 * After `PatternMatchingJGitEnvironmentRepository` of spring-cloud/spring-cloud-config.
 */
export function matchesPattern(pattern: string, { names, profiles }: ConfigRequest): boolean {
  const full = pattern.includes('/') ? pattern : `${pattern}/*`;
  const patterns = full.endsWith('*') ? [full] : [full, `${full},*`];
  const expressions = patterns.map(simpleMatch);
  return names.some((name) => expressions.some((expression) => expression.test(`${name}/${profiles.join(',')}`)));
}

function simpleMatch(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
