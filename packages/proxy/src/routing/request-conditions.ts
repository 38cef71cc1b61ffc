import type { StepBudget } from '../regex/run-program.ts';
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
    conditions.push((request) => fitsSome(header, request.header?.(name) ?? [], request.patterns));
  }
  if (queries.length > 0) conditions.push(({ query, patterns }) => fitsQuery(queries, query ?? '', patterns));
  if (cookies.length > 0) conditions.push(({ cookie, patterns }) => fitsCookies(cookies, cookie ?? '', patterns));
  if (remoteAddresses !== undefined) {
    conditions.push(({ address = '' }) => remoteAddresses.some((range) => range.includes(address)));
  }
  return conditions.length === 0 ? undefined : conditions;
}

function fitsSome({ equals, matches }: ValueMatch, values: readonly string[], budget: StepBudget | undefined): boolean {
  return values.some(
    (value) => (equals === undefined || value === equals) && (matches === undefined || matches.test(value, budget)),
  );
}

function fitsQuery(wanted: readonly ValueMatch[], query: string, budget: StepBudget | undefined): boolean {
  if (query.length < 2) return false;
  const values = new URLSearchParams(query);
  return wanted.every((one) => fitsSome(one, values.getAll(one.name), budget));
}

function fitsCookies(wanted: readonly ValueMatch[], field: string, budget: StepBudget | undefined): boolean {
  const pairs = cookiePairs(field);
  return wanted.every((one) =>
    fitsSome(
      one,
      pairs.filter(([name]) => name === one.name).map(([, value]) => value),
      budget,
    ),
  );
}

/**
 * RFC 6265 §5.4: pairs separated by semicolons; a value in quotation marks is compared without them. Read by hand: an
 * expression with white space on both sides of a name takes time by the third power of how much there is.
 */
function cookiePairs(field: string): readonly (readonly [string, string])[] {
  return field.split(';').map((pair) => {
    const at = pair.indexOf('=');
    const value = at < 0 ? '' : pair.slice(at + 1).trim();
    return [at < 0 ? '' : pair.slice(0, at).trim(), value.replace(/^"|"$/g, '')] as const;
  });
}
