import type { SecureHeadersOptions } from '../filters/secure-headers.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import type { ArgumentShape, Arguments } from './arguments.ts';
import type {
  CacheSetting,
  CircuitBreakerSetting,
  RateLimitKey,
  RateLimitSetting,
  RetrySetting,
} from './spring-rule.ts';

/** What the filters of a route come to beside their layers. */
export interface FilterDraft {
  circuitBreaker?: CircuitBreakerSetting;
  retry?: RetrySetting;
  rateLimit?: RateLimitSetting;
  cache?: CacheSetting;
  /** Where the route leads in place of its `uri`. */
  url?: string;
  hasPrefix?: boolean;
  /** Settings of the whole gateway. */
  readonly secureHeaders: SecureHeadersOptions;
  readonly keyResolvers: Readonly<Record<string, RateLimitKey>>;
}

/** One filter: a layer, or the text of what the engine does. `order` if it does not follow its place in the list. */
export interface ReadFilter {
  readonly layer?: NamedLayer;
  readonly text: string;
  readonly order?: number;
}

/** A kind of filter: how its arguments are written, and what it comes to. */
export interface FilterKind extends ArgumentShape {
  read(args: Arguments, draft: FilterDraft): NamedLayer | ReadFilter;
}
