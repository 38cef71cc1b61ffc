import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { useMessages } from './use-messages.ts';

/** A field of what an operator orders; JSON has room for several lines. */
export function OrderField({ name, label, value, wrong, hint, kind = 'text', change }: OrderFieldProps): JSX.Element {
  const id = `order-${name}`;
  const described = [wrong === undefined ? [] : `${id}-wrong`, hint === undefined ? [] : `${id}-hint`].flat();
  const shared = {
    id,
    value,
    'aria-invalid': wrong !== undefined,
    'aria-describedby': described.length === 0 ? undefined : described.join(' '),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {kind === 'json' ? (
        <textarea
          {...shared}
          class="input json-input"
          rows={Math.min(Math.max(4, value.split('\n').length + 2), 20)}
          spellcheck={false}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          class="input"
          inputMode={kind === 'number' ? 'decimal' : 'text'}
          autoComplete={name === 'by' ? 'username' : 'off'}
          required
          maxLength={1_000}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      )}
      {hint === undefined ? null : (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong === undefined ? null : (
        <p class="field-error" id={`${id}-wrong`} role="alert">
          <Icon name="alert" size={14} />
          {wrong}
        </p>
      )}
    </div>
  );
}

export interface OrderFieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** What is wrong with the value. */
  readonly wrong: string | undefined;
  readonly hint?: string | undefined;
  readonly kind?: 'text' | 'number' | 'json';
  readonly change: (value: string) => void;
}

/** A choice that an order needs; what is not offered is not chosen. */
export function OrderChoice({ name, label, value, options, hint, change }: OrderChoiceProps): JSX.Element {
  const id = `order-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        class="select"
        id={id}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={({ currentTarget }) => change(currentTarget.value)}
      >
        {Object.entries(options).map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
      {hint === undefined ? null : (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface OrderChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** The words for each value. */
  readonly options: Readonly<Record<string, string>>;
  readonly hint?: string;
  readonly change: (value: string) => void;
}

/** Who orders it, and why. */
export function ActorFields({ filled, change }: ActorFieldsProps): JSX.Element {
  const m = useMessages();
  return (
    <>
      {(['by', 'why'] as const).map((field) => (
        <OrderField
          key={field}
          name={field}
          label={m[field]}
          value={filled[field]}
          wrong={undefined}
          change={(value) => change({ [field]: value })}
        />
      ))}
    </>
  );
}

export interface ActorFieldsProps {
  readonly filled: { readonly by: string; readonly why: string };
  readonly change: (part: { readonly by?: string; readonly why?: string }) => void;
}
