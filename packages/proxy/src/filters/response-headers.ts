import { javaExpression, replacementFor } from '../regex/java-expression.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { answerFilter, answerValues, mapValues } from './answer-filter.ts';
import { fieldName, fieldText, filterText, refuseFilter } from './filter-setting.ts';
import type { VariablesOf } from './variable-template.ts';
import { fieldTemplate } from './variable-template.ts';

/** Adds another value of a header field to the answer; with `override` false only if it has none that is not blank. */
export function addResponseHeader<const Value extends string>(
  name: string,
  value: Value,
  override = true,
): NamedLayer<VariablesOf<Value>> {
  const filter = 'AddResponseHeader';
  const field = fieldName(filter, name);
  const { expand, variables } = fieldTemplate(filter, value);
  const text = filterText(filter, { [name]: value, override });
  return answerFilter(
    filter,
    text,
    (fields, exchange) => {
      if (!override) {
        if (answerValues(fields, field).some((one) => one.trim() !== '')) return fields;
        return [...mapValues(fields, field, () => undefined), field, expand(exchange.variables)];
      }
      fields.push(field, expand(exchange.variables));
      return fields;
    },
    variables,
  );
}

/** One value of a header field in place of all that the answer has. */
export function setResponseHeader<const Value extends string>(
  name: string,
  value: Value,
): NamedLayer<VariablesOf<Value>> {
  const filter = 'SetResponseHeader';
  const field = fieldName(filter, name);
  const { expand, variables } = fieldTemplate(filter, value);
  return answerFilter(
    filter,
    filterText(filter, { [name]: value }),
    (fields, exchange) => [...mapValues(fields, field, () => undefined), field, expand(exchange.variables)],
    variables,
  );
}

/** The answer without a header field. */
export function removeResponseHeader(name: string): NamedLayer<never> {
  const filter = 'RemoveResponseHeader';
  const field = fieldName(filter, name);
  return answerFilter(filter, filterText(filter, { name }), (fields) => mapValues(fields, field, () => undefined));
}

/** Replaces every match of a regular expression, in the syntax of Java, in each value of a header field of the answer. */
export function rewriteResponseHeader(name: string, regexp: string | RegExp, replacement: string): NamedLayer<never> {
  const filter = 'RewriteResponseHeader';
  const field = fieldName(filter, name);
  const source = typeof regexp === 'string' ? regexp : regexp.source;
  const expression = javaExpression(source);
  const filled = replacementFor(expression, replacement);
  fieldText(filter, filled.literals.join(''));
  return answerFilter(filter, filterText(filter, { name, regexp: source, replacement }), (fields, exchange) =>
    mapValues(fields, field, (value) => {
      try {
        return expression.replaceAll(value, filled);
      } catch {
        // A service sent a value that is too long for the expression; what is to be hidden in it must not pass.
        exchange.note('filter', `${filter} dropped "${field}", which is too long for its expression`);
        return undefined;
      }
    }),
  );
}

/** Which of several values stays. */
export type DedupeStrategy = 'RETAIN_FIRST' | 'RETAIN_LAST' | 'RETAIN_UNIQUE';

/** Of header fields that the answer has several values of, leaves the first, the last, or the different ones. */
export function dedupeResponseHeader(
  names: readonly string[],
  strategy: DedupeStrategy = 'RETAIN_FIRST',
): NamedLayer<never> {
  const filter = 'DedupeResponseHeader';
  if (names.length === 0) throw refuseFilter(filter, 'names no header field');
  const checked = names.map((name) => fieldName(filter, name));
  const text = filterText(filter, { [names.join(' ')]: strategy });
  return answerFilter(filter, text, (fields) =>
    checked.reduce<string[]>((left, name) => dedupe(left, name, strategy), fields),
  );
}

function dedupe(fields: string[], name: string, strategy: DedupeStrategy): string[] {
  const values = answerValues(fields, name);
  if (values.length < 2) return fields;
  const last = values.length - 1;
  let at = -1;
  return mapValues(fields, name, (value) => {
    at += 1;
    if (strategy === 'RETAIN_UNIQUE') return values.indexOf(value) === at ? value : undefined;
    return at === (strategy === 'RETAIN_FIRST' ? 0 : last) ? value : undefined;
  });
}
