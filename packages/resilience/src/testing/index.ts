export type { RateLimitsUnderTest } from './rate-limit-store-contract.ts';
export { rateLimitStoreContract } from './rate-limit-store-contract.ts';
