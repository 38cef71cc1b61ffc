import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValue } from '../http/field-lines.ts';
import type { RequestHead } from '../http/request-head.ts';
import { CorsAnswer } from './cors-answer.ts';
import type { OriginRule } from './origin-rule.ts';
import { originRule } from './origin-rule.ts';
import { demandNumber, demandToken, isToken, refuseSetting } from './protection-setting.ts';

/** Which pages of other origins may use a route, by the names of Spring's `CorsConfiguration`. */
export interface CorsOptions {
  /** Origins such as `https://shop.example.com`; `*` for all, without credentials. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Patterns such as `https://*.example.com`, `https://example.com:[8080,8081]`, `http://localhost:[*]`. */
  readonly allowedOriginPatterns?: readonly string[];
  /** Default GET, HEAD and POST; `*` for all that the route takes. */
  readonly allowedMethods?: readonly string[];
  /** Fields that a page may send beside the simple ones; `*` for all. Default `*`. */
  readonly allowedHeaders?: readonly string[];
  /** Fields of the answer that a page may read beside the simple ones. `*` for all, without credentials. Default: none. */
  readonly exposedHeaders?: readonly string[];
  /** Whether cookies and `Authorization` count. Never together with `*` for origins. Default false. */
  readonly allowCredentials?: boolean;
  /** How long a browser may remember what it was told, in seconds. Default 1 800. */
  readonly maxAge?: number;
}

/** Up to so many fields may be asked for at once. */
const mostHeaders = 64;

/**
 * Cross-origin requests (Fetch standard, §3.3). Preflights are answered here and never reach a service. A page of an origin
 * that is not allowed, or that wants more than is, is GATEWAY_ORIGIN_REFUSED without a word on what would be. The origin is
 * told back only if it is one that was named; what a service says about CORS itself is replaced. Private Network Access is
 * not supported: no answer ever allows it. GATEWAY_PROTECTION_INVALID for credentials together with `*`.
 *
 * Stands outermost, so that problems of layers behind it can be read by the page; the route must be found by
 * `preflightMethod` for a preflight to arrive here.
 *
 * @example
 * cors({ allowedOriginPatterns: ['https://*.example.com'], allowedMethods: ['*'], allowCredentials: true })
 */
export function cors(options: CorsOptions): EdgeLayer {
  const rules = compileCors(options);
  return (next) => (exchange) => {
    const { origin } = exchange.head;
    const isForeign = origin !== undefined && !isOwnOrigin(exchange, origin);
    const isPreflight = preflightMethod(exchange.method, exchange.head) !== undefined;
    // Also without an origin: what is kept of this answer must not be given to a page that needs another.
    exchange.answer = new CorsAnswer(exchange.answer, {
      allowOrigin: isForeign && rules.origins.allows(origin) ? rules.allowOrigin(origin) : undefined,
      credentials: rules.credentials,
      exposed: isPreflight ? '' : rules.exposed,
      vary: isPreflight ? preflightVary : rules.origins.isAny ? undefined : 'origin',
    });
    if (!isForeign) return isPreflight ? answerEmpty(exchange, []) : next(exchange);
    if (!rules.origins.allows(origin)) throw gatewayErrors.ORIGIN_REFUSED('pages of this origin may not use it');
    return isPreflight ? answerPreflight(exchange, rules) : next(exchange);
  };
}

/** The method that a preflight asks for; undefined when the request is none. */
export function preflightMethod(method: string, { origin, fields }: RequestHead): string | undefined {
  if (method !== 'OPTIONS' || origin === undefined) return undefined;
  const asked = fieldValue(fields, 'access-control-request-method');
  return asked !== undefined && isToken(asked) ? asked : undefined;
}

const preflightVary = 'origin, access-control-request-method, access-control-request-headers';

interface CorsRules {
  readonly origins: OriginRule;
  readonly credentials: boolean;
  readonly exposed: string;
  readonly maxAge: number;
  allowOrigin(origin: string): string;
  allowsMethod(method: string): boolean;
  allowsHeader(name: string): boolean;
  readonly methods: readonly string[];
}

function compileCors(options: CorsOptions): CorsRules {
  const { allowedOrigins = [], allowedOriginPatterns = [], exposedHeaders = [], allowCredentials = false } = options;
  const { allowedMethods = ['GET', 'HEAD', 'POST'], allowedHeaders = ['*'], maxAge = 1_800 } = options;
  const origins = originRule(allowedOrigins, allowedOriginPatterns);
  if (allowCredentials && origins.isAny)
    throw refuseSetting('cors', 'allowCredentials', true, 'false for the origin `*`; name origins or patterns instead');
  if (allowCredentials && exposedHeaders.includes('*'))
    throw refuseSetting('cors', 'exposedHeaders', '*', 'a list of names when credentials are allowed');
  demandNumber('cors', 'maxAge', maxAge, 0, 86_400);
  for (const method of allowedMethods) demandToken('cors', 'allowedMethods', method);
  for (const name of [...allowedHeaders, ...exposedHeaders]) demandToken('cors', 'allowedHeaders', name);
  const headerNames = new Set(allowedHeaders.map((name) => name.toLowerCase()));
  return {
    origins,
    credentials: allowCredentials,
    exposed: exposedHeaders.join(', '),
    maxAge,
    allowOrigin: (origin) => (origins.isAny ? '*' : origin),
    methods: allowedMethods,
    allowsMethod: (method) => allowedMethods.includes('*') || allowedMethods.includes(method),
    allowsHeader: (name) => headerNames.has('*') || headerNames.has(name.toLowerCase()),
  };
}

function answerPreflight(exchange: Exchange, rules: CorsRules): void {
  const method = preflightMethod(exchange.method, exchange.head) ?? '';
  const names = (fieldValue(exchange.fields, 'access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const isAllowed = rules.allowsMethod(method) && names.every((name) => isToken(name) && rules.allowsHeader(name));
  if (!isAllowed || names.length > mostHeaders)
    throw gatewayErrors.ORIGIN_REFUSED('pages of other origins may not use this method or these header fields');
  const methods = rules.methods.includes('*') ? method : rules.methods.join(', ');
  const fields = ['access-control-allow-methods', methods, 'access-control-max-age', String(rules.maxAge)];
  if (names.length > 0) fields.push('access-control-allow-headers', names.join(', '));
  answerEmpty(exchange, fields);
}

function answerEmpty({ answer }: Exchange, fields: string[]): void {
  answer.begin(204, fields, 0);
  answer.end();
}

/** A page of the gateway's own origin sends `Origin` as well when it changes something. */
function isOwnOrigin({ engine, head }: Exchange, origin: string): boolean {
  return origin === `${engine.secure ? 'https' : 'http'}://${head.host.toLowerCase()}`;
}
