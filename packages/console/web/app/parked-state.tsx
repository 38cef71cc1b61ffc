import type { JSX } from 'preact';
import type { ParkedState } from '../../src/parked-contract.ts';
import { useMessages } from './use-messages.ts';

/** Whether a parked key is tried again by itself, or waits for somebody. */
export function ParkedStateBadge({ state }: { readonly state: ParkedState }): JSX.Element {
  const m = useMessages();
  return (
    <span class={`badge ${state === 'stopped' ? 'badge-bad' : 'badge-warn'}`}>
      <span class="dot" />
      {m.parkedStates[state]}
    </span>
  );
}
