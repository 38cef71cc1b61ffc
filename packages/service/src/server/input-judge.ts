import { isBytes } from '../contract/bytes.ts';
import type { HttpOperation } from '../contract/index.ts';
import { checkedInput } from '../contract/index.ts';
import { demandKey } from './demand-key.ts';
import { readKey } from './inbound-call.ts';
import { pathReader, readJson, readQuery } from './read-input.ts';

/** What a request brings for an operation, as it came. */
export interface ArrivedInput {
  /** Percent-encoded. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  readonly idempotencyKey: string | undefined;
  /** The body, sent as `application/json`; undefined when the request has none. */
  readonly json: Buffer | undefined;
}

/**
 * Judges requests for an operation before its service has them, with the service's own readers and schemas: throws what the
 * service would refuse the request with, SERVICE_BODY_MALFORMED, SERVICE_INPUT_INVALID or
 * SERVICE_IDEMPOTENCY_KEY_MISSING. A path of another route is left to the service. Undefined for an operation that takes
 * raw bytes: they are not JSON.
 */
export function inputJudge(operation: HttpOperation): ((input: ArrivedInput) => void) | undefined {
  const { spec, path: route } = operation;
  if (isBytes(spec.body)) return undefined;
  const readPath = pathReader(route);
  return ({ path, query, idempotencyKey, json }) => {
    const params = readPath(path);
    if (params === undefined) return;
    const body = json === undefined ? undefined : readJson(json.toString('utf8'));
    checkedInput(operation, { params, query: readQuery(query.slice(1)), body });
    demandKey(operation, readKey(idempotencyKey));
  };
}
