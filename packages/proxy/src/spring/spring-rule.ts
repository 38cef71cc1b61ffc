import type { RouteRule } from '../routing/route-rule.ts';

/** A circuit breaker, as a route asks for it. */
export interface CircuitBreakerSetting {
  /** Routes that name the same one share it. */
  readonly name: string;
  /** The path, with its query, that answers in place of what failed; without, it is 503 or 504. */
  readonly fallbackPath?: string;
  /** Statuses that count as failures. */
  readonly statusCodes: readonly number[];
  /** Whether the answer of a service stays, if there was one, when the breaker counts it as a failure. */
  readonly resumeWithoutError: boolean;
}

/** When a request is sent again. */
export interface RetrySetting {
  /** Attempts after the first. */
  readonly retries: number;
  /** Statuses that are tried again, each from and to, inclusive. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly methods: readonly string[];
  readonly failures: readonly ('connection' | 'timeout')[];
  /** Without: at once. */
  readonly backoff?: {
    readonly firstMs: number;
    readonly maxMs?: number;
    readonly factor: number;
    /** Whether the factor counts from the pause before; else from the first. */
    readonly basedOnPreviousValue: boolean;
  };
  /** Share of a pause by which it varies, 0 to 1. */
  readonly jitter?: number;
  /** For all attempts together. */
  readonly timeoutMs?: number;
}

/** What a rate limit is counted by. */
export type RateLimitKey = 'subject' | 'address' | 'user' | 'apiKey' | { readonly header: string };

/** A token bucket, with the names of Spring Cloud Gateway's arguments. */
export interface RateLimitSetting {
  readonly replenishRate: number;
  readonly burstCapacity: number;
  readonly requestedTokens: number;
  readonly keyResolver: RateLimitKey;
  readonly denyEmptyKey: boolean;
  readonly emptyKeyStatus: number;
  readonly statusCode: number;
  readonly includeHeaders: boolean;
}

/** How long answers to GET may be kept. */
export interface CacheSetting {
  readonly timeToLiveMs: number;
  readonly maxBytes?: number;
}

/** Which pages of other origins may use a route, by the names of Spring's `CorsConfiguration`. */
export interface CorsSetting {
  readonly allowedOrigins?: readonly string[];
  readonly allowedOriginPatterns?: readonly string[];
  readonly allowedMethods?: readonly string[];
  readonly allowedHeaders?: readonly string[];
  readonly exposedHeaders?: readonly string[];
  readonly allowCredentials?: boolean;
  /** In seconds. */
  readonly maxAge?: number;
}

/** How Spring shows a route. */
export interface SpringDisplay {
  readonly uri: string;
  readonly predicates: readonly string[];
  readonly filters: readonly { readonly text: string; readonly order: number }[];
}

/** A route as it was lifted over, with what the gateway's own engine does for it. */
export interface SpringRule extends RouteRule {
  readonly resilience?: { readonly circuitBreaker?: CircuitBreakerSetting; readonly retry?: RetrySetting };
  readonly rateLimit?: RateLimitSetting;
  readonly cache?: CacheSetting;
  readonly cors?: CorsSetting;
  readonly display: SpringDisplay;
}
