import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { readTarget } from '../http/target.ts';
import { javaExpression, replacementFor } from '../regex/java-expression.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { escaped, filterText, refuseFilter, wholeNumber } from './filter-setting.ts';
import { requestFilter } from './request-headers.ts';
import type { VariablesOf } from './variable-template.ts';
import { pathTemplate } from './variable-template.ts';

const pathText = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/;

/**
 * Forwards a path without its first segments; a slash at its end stays.
 *
 * @example
 * stripPrefix(1) // /api/orders/ becomes /orders/
 */
export function stripPrefix(parts = 1): NamedLayer<never> {
  const filter = 'StripPrefix';
  wholeNumber(filter, 'parts', parts, 0);
  return requestFilter(filter, filterText(filter, { parts }), (exchange) => {
    const { path } = exchange;
    const kept = path
      .split('/')
      .filter((part) => part !== '')
      .slice(parts)
      .join('/');
    forward(exchange, kept !== '' && path.endsWith('/') ? `/${kept}/` : `/${kept}`);
  });
}

/** Forwards a path with something before it; `{name}` is a variable of the path or host. */
export function prefixPath<const Prefix extends string>(prefix: Prefix): NamedLayer<VariablesOf<Prefix>> {
  const filter = 'PrefixPath';
  demandPath(filter, prefix);
  const { expand, variables } = pathTemplate(prefix);
  const text = filterText(filter, { prefix });
  return requestFilter(
    filter,
    text,
    (exchange) => forward(exchange, expand(exchange.variables) + exchange.path),
    variables,
  );
}

/** Forwards another path; `{name}` is a variable of the path or host. */
export function setPath<const Template extends string>(template: Template): NamedLayer<VariablesOf<Template>> {
  const filter = 'SetPath';
  demandPath(filter, template);
  const { expand, variables } = pathTemplate(template);
  const text = filterText(filter, { template });
  return requestFilter(filter, text, (exchange) => forward(exchange, expand(exchange.variables)), variables);
}

/**
 * Forwards a path in which every match of a regular expression, in the syntax of Java, is replaced. The path is the one
 * that would be forwarded, percent-encoded; `$1` and `${name}` (or `$\{name}`) in the replacement are captures.
 *
 * @example
 * rewritePath('/orders/(?<rest>.*)', '/v1/orders/${rest}')
 */
export function rewritePath(regexp: string | RegExp, replacement: string): NamedLayer<never> {
  const filter = 'RewritePath';
  const source = typeof regexp === 'string' ? regexp : regexp.source;
  const expression = javaExpression(source);
  const filled = replacementFor(expression, replacement);
  if (!pathText.test(filled.literals.join('')))
    throw refuseFilter(
      filter,
      `has the replacement "${escaped(replacement)}", with a character that must be percent-encoded`,
    );
  const text = filterText(filter, { [source]: replacement });
  return requestFilter(filter, text, (exchange) => forward(exchange, expression.replaceAll(exchange.path, filled)));
}

function demandPath(filter: string, path: string): void {
  if (!path.startsWith('/') && !path.startsWith('{'))
    throw refuseFilter(filter, `has "${escaped(path)}", which does not begin with "/"`);
  if (!pathText.test(path.replace(/\{[\w$-]+\}/g, '')))
    throw refuseFilter(filter, `has "${escaped(path)}", with a character that must be percent-encoded`);
}

/** A path that was put together: two slashes are one, and what could lead elsewhere is GATEWAY_TARGET_INVALID. */
function forward(exchange: Exchange, path: string): void {
  const single = `/${path}`.replace(/\/{2,}/g, '/');
  const target = readTarget(single);
  if (!target.ok || target.query !== '')
    throw gatewayErrors.TARGET_INVALID(
      `the path comes to "${escaped(single)}" at this route, which cannot be forwarded`,
    );
  exchange.path = target.path;
}
