import type { DeliveryFailure } from '../delivery.ts';

/** A failure as a consumer would note it. */
export const failure = (change: Partial<DeliveryFailure> = {}): DeliveryFailure => ({
  code: 'TEST_BROKEN',
  message: 'it does not work',
  attempts: 1,
  at: 1_000,
  nextAt: 2_000,
  ...change,
});

/** An id by a number. */
export const id = (position: number) => `01930000-0000-7000-8000-${String(position).padStart(12, '0')}`;
