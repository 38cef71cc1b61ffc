export type { BrokerResource } from '@dure/messaging';
export type { ConfigPlace, GitConfig, PostgresConfig } from './config-place.ts';
export { git, postgres } from './config-place.ts';
export { dureErrors } from './errors.ts';
export type { Finding, Invariant, ReadOnlyDatabase } from './invariant.ts';
export { invariant } from './invariant.ts';
export type {
  ConfigSettings,
  Edge,
  EdgeOptions,
  EdgeSession,
  Example,
  ForeignProgram,
  InfrastructureName,
  LazyGateway,
  LazyService,
  System,
  SystemOptions,
} from './system.ts';
export { edge, feed, isSystem, system } from './system.ts';
export type { Traffic, TrafficReport } from './traffic.ts';
