import type { NamedLayer } from '../routing/route-rule.ts';
import { answerFilter, answerValues } from './answer-filter.ts';
import { fieldName, fieldText, filterText } from './filter-setting.ts';

/** Spring Cloud Gateway's own values (SecureHeadersProperties). */
const defaults: Readonly<Record<string, string>> = {
  'X-Xss-Protection': '1 ; mode=block',
  'Strict-Transport-Security': 'max-age=631138519',
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy':
    "default-src 'self' https:; font-src 'self' https: data:; img-src 'self' https: data:; object-src 'none'; script-src https:; style-src 'self' https: 'unsafe-inline'",
  'X-Download-Options': 'noopen',
  'X-Permitted-Cross-Domain-Policies': 'none',
};

/** A value for a header field, or false to leave it out; names in any case. */
export type SecureHeadersOptions = Readonly<Record<string, string | false>>;

/**
 * Adds the header fields that harden a browser, each unless the answer has it.
 *
 * @example
 * secureHeaders({ 'X-Frame-Options': 'SAMEORIGIN', 'X-Download-Options': false })
 */
export function secureHeaders(options: SecureHeadersOptions = {}): NamedLayer<never> {
  const filter = 'SecureHeaders';
  const settings = new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const kept = Object.entries(defaults).filter(([name]) => !settings.has(name.toLowerCase()));
  const own = [...settings.values()].flatMap(({ name, value }) => (value === false ? [] : [[name, value] as const]));
  const all = [...kept, ...own].map(([name, value]) => [fieldName(filter, name), fieldText(filter, value)] as const);
  return answerFilter(filter, filterText(filter, options), (fields) => {
    for (const [name, value] of all) if (answerValues(fields, name).length === 0) fields.push(name, value);
    return fields;
  });
}
