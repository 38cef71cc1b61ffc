import type { NamedLayer } from '../routing/route-rule.ts';
import { escaped, filterText, refuseFilter } from './filter-setting.ts';
import { requestFilter } from './request-headers.ts';
import type { VariablesOf } from './variable-template.ts';
import { queryTemplate } from './variable-template.ts';

/** RFC 3986 §3.4, encoded. */
const queryText = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$/;

/** Forwards one more query parameter; the value is percent-encoded already, but for `{name}`, a variable of path or host. */
export function addRequestParameter<const Value extends string>(
  name: string,
  value: Value,
): NamedLayer<VariablesOf<Value>> {
  const filter = 'AddRequestParameter';
  demandQueryText(filter, value.replace(/\{[\w$-]+\}/g, ''));
  const { expand, variables } = queryTemplate(value);
  const before = `${encodeURIComponent(name)}=`;
  const text = filterText(filter, { [name]: value });
  return requestFilter(
    filter,
    text,
    (exchange) => {
      exchange.query += `${exchange.query.length > 1 ? '&' : exchange.query === '' ? '?' : ''}${before}${expand(exchange.variables)}`;
    },
    variables,
  );
}

/** Forwards a request without a query parameter. */
export function removeRequestParameter(name: string): NamedLayer<never> {
  const filter = 'RemoveRequestParameter';
  return requestFilter(filter, filterText(filter, { name }), (exchange) => {
    const kept = pairsOf(exchange.query).filter((pair) => nameOf(pair) !== name);
    exchange.query = queryOf(kept);
  });
}

/** Forwards another value of a query parameter that is there; of several one is left. The value is percent-encoded already. */
export function rewriteRequestParameter(name: string, replacement: string): NamedLayer<never> {
  const filter = 'RewriteRequestParameter';
  demandQueryText(filter, replacement);
  return requestFilter(filter, filterText(filter, { name, replacement }), (exchange) => {
    const pairs = pairsOf(exchange.query);
    const first = pairs.findIndex((pair) => nameOf(pair) === name);
    if (first < 0) return;
    const rewritten = `${encodeURIComponent(name)}=${replacement}`;
    const kept = pairs.filter((pair, at) => at <= first || nameOf(pair) !== name);
    exchange.query = queryOf(kept.map((pair, at) => (at === first ? rewritten : pair)));
  });
}

function demandQueryText(filter: string, value: string): void {
  if (!queryText.test(value))
    throw refuseFilter(filter, `has the value "${escaped(value)}", with a character that must be percent-encoded`);
}

function pairsOf(query: string): readonly string[] {
  return query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '');
}

function queryOf(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function nameOf(pair: string): string {
  const name = (pair.split('=', 1)[0] ?? '').replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
