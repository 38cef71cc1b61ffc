import type { StartedService } from './child-message.ts';

/** Where a component of the system stands. */
export type ComponentState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'starting'; readonly pid?: number; readonly step?: string }
  | {
      readonly kind: 'ready';
      readonly pid: number;
      readonly since: number;
      readonly services: readonly StartedService[];
    }
  | { readonly kind: 'crashed'; readonly reason: string; readonly restartAt: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'stopping'; readonly pid?: number }
  | { readonly kind: 'stopped' };

/** One process of the system, or its database server. */
export interface Component {
  readonly name: string;
  readonly state: ComponentState;
  /** How often it was started again after a crash. */
  readonly restarts: number;
  /** Why it crashed last. */
  readonly lastCrash: string | undefined;
}
