import { Icon } from '@dure/console/design';
import type { InputHTMLAttributes, JSX } from 'preact';

type Autocomplete = NonNullable<InputHTMLAttributes<HTMLInputElement>['autocomplete']>;

/** A labelled input with its hint and its error tied to it. */
export function TextField({ name, label, hint, error, type = 'text', ...rest }: TextFieldProps): JSX.Element {
  const described = [hint === undefined ? '' : `${name}-hint`, error === undefined ? '' : `${name}-error`]
    .join(' ')
    .trim();
  const common = {
    ...rest,
    class: 'input',
    id: name,
    name,
    required: true,
    'aria-invalid': error !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
  };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {type === 'password' ? (
        <input {...common} type="password" />
      ) : type === 'email' ? (
        <input {...common} type="email" />
      ) : (
        <input {...common} type="text" />
      )}
      {hint === undefined ? null : (
        <span class="field-hint" id={`${name}-hint`}>
          {hint}
        </span>
      )}
      {error === undefined ? null : (
        <span class="field-error" id={`${name}-error`}>
          <Icon name="alert" size={14} />
          {error}
        </span>
      )}
    </div>
  );
}

export interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** What the server said about this field. */
  readonly error?: string | undefined;
  readonly type?: 'text' | 'email' | 'password';
  readonly autocomplete?: Autocomplete;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly inputMode?: 'numeric' | 'text' | 'email';
  readonly defaultValue?: string;
}
