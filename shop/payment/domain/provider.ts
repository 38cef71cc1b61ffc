/** How the customer pays; see the contract for what each stands for. */
export type Method = 'card' | 'declined-card' | 'expired-card' | 'slow-card' | 'lying-card';

/** Why an authorisation is declined; undefined when it is granted. Amount and limit are in won. */
export function whyDeclined(method: Method, amount: number, limit: number): 'card-declined' | 'over-limit' | undefined {
  if (method === 'declined-card') return 'card-declined';
  return amount > limit ? 'over-limit' : undefined;
}

/** What is known of an authorisation when a capture is asked for. */
export interface Authorisation {
  readonly state: 'authorised' | 'captured' | 'voided';
  readonly method: Method;
}

/** Why a capture is refused; undefined when the amount may be taken. */
export function whyNotCaptured(held: Authorisation | undefined): 'card-expired' | 'not-authorised' | undefined {
  if (held?.state !== 'authorised') return 'not-authorised';
  return held.method === 'expired-card' ? 'card-expired' : undefined;
}

/** How long a slow card leaves everybody in the dark: longer than the checkout waits before it asks. */
export const silentForMs = 5_000;

/** Whether the provider holds the money and has not said so yet. */
export function isSilent({ method, heldForMs }: { readonly method: Method; readonly heldForMs: number }): boolean {
  return method === 'slow-card' && heldForMs < silentForMs;
}
