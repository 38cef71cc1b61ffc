export type { CacheLayerOptions } from './cache-layer.ts';
export { cacheLayer } from './cache-layer.ts';
export type { CacheRules } from './cache-rules.ts';
export type { CacheStore } from './cache-store.port.ts';
export type { MemoryCacheStoreOptions } from './memory-cache-store.ts';
export { memoryCacheStore } from './memory-cache-store.ts';
export type { CacheEvent, ResponseCacheOptions } from './response-cache.ts';
export { ResponseCache } from './response-cache.ts';
export { sameForEverybody } from './same-for-everybody.ts';
