import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValues, withoutField } from '../http/field-lines.ts';
import type { ApiKeyBook } from './api-key-book.ts';
import { demandToken } from './protection-setting.ts';

export interface ApiKeyOptions {
  readonly keys: ApiKeyBook;
  /** The header field of the key. Default `x-api-key`. */
  readonly in?: string;
}

const used = new WeakMap<Exchange, string>();

/** The id of the API key that a request came with; undefined when it came with none. */
export function apiKeyOf(exchange: Exchange): string | undefined {
  return used.get(exchange);
}

/**
 * Finds out who asks by an API key. A request without one passes as it is, one with a key that is unknown or has ended is
 * GATEWAY_API_KEY_UNKNOWN, whichever it was. The key goes no further than here: it is forwarded, logged and traced
 * nowhere, only its id is; services hear of its user by the layer that tells them who calls. Whoever is signed in otherwise
 * stays who they are.
 *
 * Stands behind `authenticated` and before what decides by who asks; a limit by address before it slows down whoever
 * tries keys.
 */
export function apiKey(options: ApiKeyOptions): EdgeLayer {
  const { keys, in: name = 'x-api-key' } = options;
  demandToken('apiKey', 'in', name);
  const field = name.toLowerCase();
  return (next) => (exchange) => {
    const values = fieldValues(exchange.fields, field);
    const [key] = values;
    if (key === undefined) return next(exchange);
    exchange.fields = withoutField(exchange.fields, field);
    const holder = keys.find(key);
    if (values.length > 1 || holder === undefined || holder.endsAt <= exchange.engine.clock.now())
      throw gatewayErrors.API_KEY_UNKNOWN(`the key in "${field}" is not valid`, { details: { challenge: 'ApiKey' } });
    used.set(exchange, holder.id);
    exchange.span.set('dure.caller', holder.id);
    exchange.note('api key', holder.id);
    if (exchange.identity.kind === 'anonymous') exchange.identity = holder.identity;
    return next(exchange);
  };
}
