import { Icon } from '@dure/console/design';
import type { JSX } from 'preact';
import type { PaymentMethod } from './api.ts';
import { useMessages } from './use-messages.ts';

const methods: readonly PaymentMethod[] = ['card', 'declined-card', 'expired-card', 'slow-card', 'lying-card'];

/** How to pay; all ways but the first exist to see what an order does about it. */
export function PaymentChoice(): JSX.Element {
  const m = useMessages();
  return (
    <fieldset class="methods">
      <legend>{m.payment}</legend>
      {methods.map((method, index) => (
        <label key={method} class="method">
          <input type="radio" name="method" value={method} defaultChecked={index === 0} />
          <Icon name="card" size={22} />
          <span class="method-words">
            <span class="method-name">
              {m.methods[method]}
              {index === 0 ? null : <span class="badge">{m.demo}</span>}
            </span>
            <span class="field-hint">{m.methodHints[method]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The method that was chosen in the form. */
export function readMethod(data: FormData): PaymentMethod {
  return methods.find((method) => method === data.get('method')) ?? 'card';
}
