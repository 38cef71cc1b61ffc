export { configErrors } from '../errors.ts';
export type { Property, Scalar } from '../properties/property.ts';
export type { Vitals } from '../wire/change-feed.ts';
export type { ConfigSection, ConfigSections, KeyedSection, SectionValues } from './config-section.ts';
export type { ConfigLayer, ConfigSource, ConfigTarget, LoadedLayers } from './config-source.ts';
export type { ConfigSourceResource, OpenedSource } from './config-source-resource.ts';
export { decryptedSource } from './decrypted-source.ts';
export { environmentPrefix, environmentSource } from './environment-source.ts';
export type { ExplainedKey, ExplainedValue } from './explain-config.ts';
export type { FeedHints } from './feed-hints.ts';
export { feedHints } from './feed-hints.ts';
export type { FeedHintsOptions } from './feed-hints-options.ts';
export { fileSource } from './file-source.ts';
export type { ConfigFollower, ConfigHints, HintLine } from './hints.ts';
export { joinedHints } from './joined-hints.ts';
export type { LoadConfigOptions, LoadedConfig } from './load-config.ts';
export { loadConfig } from './load-config.ts';
export type { OverrideOrigin, Overrides } from './overrides.ts';
export { overrides } from './overrides.ts';
export { secret } from './secret.ts';
export type { ServerSourceOptions } from './server-source.ts';
export { serverSource } from './server-source.ts';
export type { ConfigAnswer, ConfigTransport, FeedAnswer, FeedRequest, FeedTransport } from './transport.ts';
export { fetchTransport } from './transport.ts';
export { valuesSource } from './values-source.ts';
export type {
  ChangedKey,
  ConfigChange,
  ConfigEvent,
  ConfigState,
  ConfigWatch,
  WatchConfigOptions,
} from './watch-config.ts';
export { watchConfig } from './watch-config.ts';
