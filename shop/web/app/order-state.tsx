import type { JSX } from 'preact';
import type { Order } from './api.ts';
import { useMessages } from './use-messages.ts';

const tones: Readonly<Record<Order['state'], string>> = {
  pending: 'badge-info',
  confirmed: 'badge-good',
  rejected: 'badge-bad',
};

/** An order's state as a badge. */
export function OrderState({ state }: { readonly state: Order['state'] }): JSX.Element {
  const m = useMessages();
  return <span class={`badge ${tones[state]}`}>{m.states[state]}</span>;
}
