import { WholeAnswer } from '../engine/whole-answer.ts';
import { gatewayErrors } from '../errors.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { mapValues } from './answer-filter.ts';
import { filterText, refuseFilter } from './filter-setting.ts';
import { dropRequestField } from './request-field.ts';

/** How attributes are removed. */
export interface RemoveJsonAttributesOptions {
  /** Whether objects inside are searched, too. Default false. */
  readonly deleteRecursively?: boolean;
  /** A longer answer is GATEWAY_UPSTREAM_INVALID, in bytes. Default 1 MiB. */
  readonly longestBytes?: number;
}

const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * Removes attributes from answers in JSON. They are held until they are whole; what claims to be JSON and is not is
 * GATEWAY_UPSTREAM_INVALID, because what is to be removed could be in it. The service is not asked for compressed answers.
 */
export function removeJsonAttributes(
  attributes: readonly string[],
  { deleteRecursively = false, longestBytes = 2 ** 20 }: RemoveJsonAttributesOptions = {},
): NamedLayer<never> {
  const filter = 'RemoveJsonAttributesResponseBody';
  if (attributes.length === 0) throw refuseFilter(filter, 'names no attribute');
  const removed = new Set(attributes);
  const rewrite = (status: number, fields: readonly string[], body: Buffer) => {
    const isJson = fields.some(
      (name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type' && jsonType.test(fields[at + 1] ?? ''),
    );
    if (!isJson || body.length === 0) return undefined;
    const rest = Buffer.from(JSON.stringify(without(parsed(body), removed, deleteRecursively)));
    const told = mapValues(
      mapValues(fields, 'content-length', () => String(rest.length)),
      'etag',
      () => undefined,
    );
    return { status, fields: told, body: rest };
  };
  return {
    name: filter,
    text: filterText(filter, { fieldList: attributes, deleteRecursively, longestBytes }),
    layer: (next) => (exchange) => {
      dropRequestField(exchange, 'accept-encoding');
      const refuse = (error: unknown) => exchange.refuse(error);
      exchange.answer = new WholeAnswer(exchange.answer, { longest: longestBytes, rewrite, refuse });
      return next(exchange);
    },
  };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw gatewayErrors.UPSTREAM_INVALID('the answer says that it is JSON, and is not', { cause });
  }
}

function without(value: unknown, removed: ReadonlySet<string>, isDeep: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return isDeep ? value.map((item) => without(item, removed, isDeep)) : value;
  const kept = Object.entries(value).filter(([name]) => !removed.has(name));
  return Object.fromEntries(isDeep ? kept.map(([name, inner]) => [name, without(inner, removed, isDeep)]) : kept);
}
