import type { IconName } from '@dure/console/design';
import { Icon } from '@dure/console/design';
import type { JSX } from 'preact';
import type { Order } from './api.ts';
import { useMessages } from './use-messages.ts';

type StepState = 'done' | 'current' | 'next' | 'undone';

/** How far an order is: placed, checked, sent; or undone. */
export function OrderSteps({ state }: { readonly state: Order['state'] }): JSX.Element {
  const m = useMessages();
  const rejected = state === 'rejected';
  const steps: readonly (readonly [label: string, icon: IconName, step: StepState])[] = [
    [m.steps.placed, 'check', 'done'],
    [m.steps.checked, 'card', state === 'pending' ? 'current' : rejected ? 'undone' : 'done'],
    rejected ? [m.steps.undone, 'refresh', 'done'] : [m.steps.sent, 'box', state === 'confirmed' ? 'done' : 'next'],
  ];
  return (
    <ol class="steps">
      {steps.map(([label, icon, step]) => (
        <li key={label} class={`step is-${step}`} aria-current={step === 'current' ? 'step' : undefined}>
          <span class="step-mark">
            <Icon name={step === 'undone' ? 'cross' : step === 'done' && icon === 'card' ? 'check' : icon} size={16} />
          </span>
          {label}
        </li>
      ))}
    </ol>
  );
}
