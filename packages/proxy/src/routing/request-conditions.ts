import type { RoutedRequest, RouteMatch, ValueMatch } from './route-rule.ts';

/** Something a request must fulfil beside path, method and host. */
export type RequestCondition = (request: RoutedRequest) => boolean;

/** Compiles the conditions of a match, the cheapest first; undefined when there are none. */
export function requestConditions(match: RouteMatch): readonly RequestCondition[] | undefined {
  const { headers = [], queries = [], cookies = [], remoteAddresses, after, before } = match;
  const conditions: RequestCondition[] = [];
  if (after !== undefined) conditions.push(({ nowMs }) => nowMs !== undefined && nowMs > after);
  if (before !== undefined) conditions.push(({ nowMs }) => nowMs !== undefined && nowMs < before);
  for (const header of headers) {
    const name = header.name.toLowerCase();
    conditions.push((request) => fitsSome(header, request.header?.(name) ?? []));
  }
  if (queries.length > 0) conditions.push(({ query }) => fitsQuery(queries, query ?? ''));
  if (cookies.length > 0) conditions.push(({ cookie }) => fitsCookies(cookies, cookie ?? ''));
  if (remoteAddresses !== undefined) {
    conditions.push(({ address = '' }) => remoteAddresses.some((range) => range.includes(address)));
  }
  return conditions.length === 0 ? undefined : conditions;
}

function fitsSome({ equals, matches }: ValueMatch, values: readonly string[]): boolean {
  return values.some(
    (value) => (equals === undefined || value === equals) && (matches === undefined || matches.test(value)),
  );
}

function fitsQuery(wanted: readonly ValueMatch[], query: string): boolean {
  if (query.length < 2) return false;
  const values = new URLSearchParams(query);
  return wanted.every((one) => fitsSome(one, values.getAll(one.name)));
}

/** RFC 6265 §5.4: pairs separated by semicolons; a value in quotation marks is compared without them. */
function fitsCookies(wanted: readonly ValueMatch[], field: string): boolean {
  const pairs = field.split(';').map((pair) => {
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*"?(.*?)"?\s*$/.exec(pair) ?? [];
    return [name, value] as const;
  });
  return wanted.every((one) =>
    fitsSome(
      one,
      pairs.filter(([name]) => name === one.name).map(([, value]) => value),
    ),
  );
}
