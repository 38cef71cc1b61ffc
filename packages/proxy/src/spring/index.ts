export type { SpringRoutes, SpringRoutesOptions } from './spring-routes.ts';
export { environmentSources, springRoutes, springRoutesOf } from './spring-routes.ts';
export type {
  CacheSetting,
  CircuitBreakerSetting,
  CorsSetting,
  RateLimitKey,
  RateLimitSetting,
  RetrySetting,
  SpringDisplay,
  SpringRule,
} from './spring-rule.ts';
