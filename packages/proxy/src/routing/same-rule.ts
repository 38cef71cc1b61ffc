import { isDeepStrictEqual } from 'node:util';
import type { RouteRule } from './route-rule.ts';

/**
 * Whether two rules are the same in all that is written of them. Layers are compared by name and text, which say all their
 * settings, patterns by their text; where a rule stands in its file does not count.
 */
export function isSameRule(one: RouteRule, other: RouteRule): boolean {
  return one === other || isDeepStrictEqual(written(one), written(other));
}

function written({ source: _, crossOrigin: __, match, layers, ...rule }: RouteRule) {
  return {
    ...rule,
    match: {
      ...match,
      paths: match.paths?.map(({ text, matchTrailingSlash }) => [text, matchTrailingSlash]),
      hosts: match.hosts?.map(({ text }) => text),
      remoteAddresses: match.remoteAddresses?.map(({ text }) => text),
    },
    layers: layers.map(({ name, text }) => [name, text]),
  };
}
