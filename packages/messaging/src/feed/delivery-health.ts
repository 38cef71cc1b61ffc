import type { Health } from '@dure/core';
import type { DeliveryStanding } from '../parked-keys.port.ts';

/** What the health of deliveries is told from. */
export interface DeliveryState {
  readonly status: 'connecting' | 'following' | 'stopped' | 'ready' | 'retrying' | 'stuck' | 'paused';
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly standing: DeliveryStanding | undefined;
}

/** Down is what somebody has to look at: nothing moves, a key was given up, or a saga waits for a reply that cannot be applied. */
export function deliveryHealth(state: DeliveryState & { readonly source?: string }): Health {
  const { source: _, status, error, standing, ...rest } = state;
  const waits = standing !== undefined && standing.stopped + standing.replies > 0;
  const up = status === 'following' || status === 'ready' || status === 'retrying';
  return {
    status: status === 'stuck' || waits ? 'DOWN' : up ? 'UP' : 'UNKNOWN',
    details: {
      status,
      ...rest,
      ...(error === undefined ? {} : { error }),
      ...(standing === undefined ? {} : standing),
    },
  };
}
