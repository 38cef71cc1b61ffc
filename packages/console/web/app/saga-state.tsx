import type { JSX } from 'preact';
import type { SagaState } from '../../src/saga-contract.ts';
import { useMessages } from './use-messages.ts';

const tones: Readonly<Record<SagaState, string>> = {
  running: 'badge-info',
  compensating: 'badge-warn',
  completed: 'badge-good',
  compensated: '',
  'needs-operator': 'badge-bad',
  paused: 'badge-warn',
};

/** The state of a saga in words and colour. */
export function SagaStateBadge({ state }: { readonly state: SagaState }): JSX.Element {
  const m = useMessages();
  return (
    <span class={`badge ${tones[state]}`}>
      <span class="dot" />
      {m.sagaStates[state]}
    </span>
  );
}
