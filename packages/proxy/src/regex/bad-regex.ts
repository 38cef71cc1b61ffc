import { gatewayErrors } from '../errors.ts';

/** GATEWAY_ROUTE_INVALID for an expression. */
export function badRegex(text: string, why: string) {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return gatewayErrors.ROUTE_INVALID(`the regular expression "${shown}" ${why}`, { details: { expression: shown } });
}
