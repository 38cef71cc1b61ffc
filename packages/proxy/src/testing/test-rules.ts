import { parsePathPattern } from '../routing/path-pattern.ts';
import type { RouteMatch, RouteRule } from '../routing/route-rule.ts';

/** A route for everybody to a service of its id, with what a test is about. */
export function rule(id: string, path: string, match: RouteMatch = {}, change: Partial<RouteRule> = {}): RouteRule {
  return {
    id,
    order: 0,
    match: { paths: [parsePathPattern(path)], ...match },
    to: { kind: 'service', service: id },
    access: 'public',
    layers: [],
    metadata: {},
    source: `${id}.yml:1:1`,
    ...change,
  };
}
