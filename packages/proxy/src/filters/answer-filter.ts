import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import type { Exchange } from '../engine/exchange.ts';
import type { NamedLayer } from '../routing/route-rule.ts';

/** Changes the fields of an answer, names and values in turn; the answer is the changed ones, the same array or another. */
export type ChangeFields = (fields: string[], exchange: Exchange) => string[];

/** A layer that changes the fields of every answer behind it, problems included. */
export function answerFilter<Name extends string = never>(
  name: string,
  text: string,
  change: ChangeFields,
  variables: readonly Name[] = [],
): NamedLayer<Name> {
  const layer: NamedLayer['layer'] = (next) => (exchange) => {
    exchange.answer = new ChangedFields(exchange.answer, exchange, change);
    return next(exchange);
  };
  return variables.length === 0 ? { name, text, layer } : { name, text, layer, variables };
}

class ChangedFields extends PassingAnswer {
  readonly #exchange: Exchange;
  readonly #change: ChangeFields;

  constructor(next: Answer, exchange: Exchange, change: ChangeFields) {
    super(next);
    this.#exchange = exchange;
    this.#change = change;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    this.next.begin(status, this.#change(fields, this.#exchange), bodyBytes);
  }
}

/** Every value of a field of an answer. */
export function answerValues(fields: readonly string[], name: string): readonly string[] {
  return fields.filter((_, at) => at % 2 === 1 && isNamed(fields, at - 1, name));
}

/** The fields with other values of one of them; undefined drops a value. */
export function mapValues(
  fields: readonly string[],
  name: string,
  map: (value: string) => string | undefined,
): string[] {
  const mapped: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1] ?? '';
    const kept = isNamed(fields, at, name) ? map(value) : value;
    if (kept !== undefined) mapped.push(fields[at] ?? '', kept);
  }
  return mapped;
}

function isNamed(fields: readonly string[], at: number, name: string): boolean {
  return fields[at]?.toLowerCase() === name.toLowerCase();
}
