/** The parameters of a path, by name. */
export type PathParameters = Readonly<Record<string, string>>;

/** A page of an application: `/traces/:traceId`. */
export interface PageRoute<Page> {
  readonly path: string;
  readonly page: Page;
}

/** The page that a path leads to. */
export interface PageMatch<Page> {
  readonly page: Page;
  readonly parameters: PathParameters;
}

/** Finds the first route that fits the whole path; a trailing slash does not matter. */
export function matchPage<Page>(routes: readonly PageRoute<Page>[], path: string): PageMatch<Page> | undefined {
  const parts = segments(path);
  for (const { path: pattern, page } of routes) {
    const parameters = matchSegments(segments(pattern), parts);
    if (parameters !== undefined) return { page, parameters };
  }
  return undefined;
}

/** Writes a query string, with its `?`; undefined and empty values are left out. */
export function queryString(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '' && value !== false) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function segments(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

function matchSegments(pattern: readonly string[], parts: readonly string[]): PathParameters | undefined {
  if (pattern.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = parts[index] ?? '';
    if (expected.startsWith(':')) parameters[expected.slice(1)] = decode(actual);
    else if (expected !== actual) return undefined;
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
