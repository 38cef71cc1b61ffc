/** What a configuration file's name ends in, the highest precedence first. */
export const configExtensions = ['.properties', '.yml', '.yaml'] as const;

/**
 * The paths that an application's configuration may lie at, highest precedence first: the last profile before the first,
 * an earlier location before a later, the name before `application`. A location is a folder, `''` the root.
 */
export function* candidateFiles(
  { names, profiles }: { readonly names: readonly string[]; readonly profiles: readonly string[] },
  locations: readonly string[],
): Iterable<string> {
  const bases = [...new Set(['application', ...names])].reverse();
  const tiers = [undefined, ...new Set(profiles)].reverse();
  for (const profile of tiers) {
    for (const location of locations) {
      for (const base of bases) {
        const stem = profile === undefined ? base : `${base}-${profile}`;
        for (const extension of configExtensions) yield below(location, stem + extension);
      }
    }
  }
}

/** The labels of a request, in their order. */
export function labelsOf(label: string | undefined): readonly string[] {
  return label === undefined ? [] : [...new Set(label.split(','))];
}

/** The path of a file in a folder, `''` being the root. */
export function below(location: string, name: string): string {
  return location === '' ? name : `${location}/${name}`;
}
