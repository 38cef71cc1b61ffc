import { isAuthority } from '../http/request-head.ts';
import { javaExpression } from '../regex/java-expression.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { answerFilter, mapValues } from './answer-filter.ts';
import { escaped, fieldName, filterText, refuseFilter } from './filter-setting.ts';

/** Whether `/v1` and the like at the beginning of a location's path is taken away. */
export type StripVersion = 'AS_IN_REQUEST' | 'ALWAYS_STRIP' | 'NEVER_STRIP';

/** How a location is rewritten. */
export interface RewriteLocationOptions {
  /** Default: if the path of the request does not begin with a version. */
  readonly stripVersion?: StripVersion;
  /** Default `Location`. */
  readonly locationHeaderName?: string;
  /** Default: the Host field of the request. */
  readonly hostValue?: string;
  /** A regular expression of the schemes that are rewritten. Default `https?|ftps?`. */
  readonly protocols?: string;
}

const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/[^:/]+(?::\d+)?(\/.*)$/s;

/** Puts the gateway's host into locations that a service names by its own; the scheme stays. */
export function rewriteLocationResponseHeader(options: RewriteLocationOptions = {}): NamedLayer<never> {
  const filter = 'RewriteLocationResponseHeader';
  const { stripVersion = 'AS_IN_REQUEST', locationHeaderName = 'Location', hostValue } = options;
  if (hostValue !== undefined && !isAuthority(hostValue))
    throw refuseFilter(filter, `has "${escaped(hostValue)}", which is not a host`);
  const name = fieldName(filter, locationHeaderName);
  const protocols = javaExpression(options.protocols ?? 'https?|ftps?');
  return answerFilter(filter, filterText(filter, { ...options }), (fields, { host, target }) => {
    const isStripped =
      stripVersion === 'ALWAYS_STRIP' || (stripVersion === 'AS_IN_REQUEST' && !/^\/v\d+\//.test(target.path));
    return mapValues(fields, name, (location) => {
      const [, scheme, path = ''] = absolute.exec(location) ?? [];
      if (scheme === undefined || !protocols.test(scheme)) return location;
      return `${scheme}://${hostValue ?? host}${isStripped ? path.replace(/^\/v\d+(?=\/)/, '') : path}`;
    });
  });
}
