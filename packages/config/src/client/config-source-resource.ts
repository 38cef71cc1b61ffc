import type { Clock, Random } from '@dure/core';
import type { ConfigSource } from './config-source.ts';
import type { ConfigHints } from './hints.ts';

/** A source that each service of a system opens for itself: `kubernetesConfig({ … })`. */
export interface ConfigSourceResource {
  readonly kind: string;
  /** Resolves without having read anything. */
  open(options: { readonly service: string; readonly clock: Clock; readonly random: Random }): Promise<OpenedSource>;
}

/** A source, and who tells of its changes where somebody does. */
export interface OpenedSource {
  readonly source: ConfigSource;
  readonly hints?: ConfigHints;
}
