import { Icon } from '@dure/console/design';
import type { JSX } from 'preact';
import { mostOfOne } from './cart.ts';
import { useMessages } from './use-messages.ts';

/** How many, by buttons; the number is announced when it changes. */
export function Quantity({ value, change, what }: QuantityProps): JSX.Element {
  const m = useMessages();
  return (
    <fieldset class="quantity">
      <legend class="hidden">{`${m.quantity}: ${what}`}</legend>
      <button
        type="button"
        class="button button-icon"
        aria-label={m.fewer}
        disabled={value <= 1}
        onClick={() => change(value - 1)}
      >
        <Icon name="minus" size={16} />
      </button>
      <output class="numeric" aria-label={m.quantity}>
        {value}
      </output>
      <button
        type="button"
        class="button button-icon"
        aria-label={m.another}
        disabled={value >= mostOfOne}
        onClick={() => change(value + 1)}
      >
        <Icon name="plus" size={16} />
      </button>
    </fieldset>
  );
}

export interface QuantityProps {
  readonly value: number;
  readonly change: (value: number) => void;
  /** What is counted, for a screen reader. */
  readonly what: string;
}
