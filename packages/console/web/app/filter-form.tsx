import type { ComponentChildren, JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { useMessages } from './use-messages.ts';

/** The row of filters above a list; a choice applies at once, typed text on Enter or by the button. */
export function FilterForm({ submit, clear, children }: FilterFormProps): JSX.Element {
  const m = useMessages();
  return (
    <search>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        {children}
        <button type="submit" class="button button-small button-primary">
          <Icon name="search" size={16} />
          {m.search}
        </button>
        {clear === undefined ? null : (
          <button type="button" class="button button-small button-quiet" onClick={clear}>
            {m.clear}
          </button>
        )}
      </form>
    </search>
  );
}

export interface FilterFormProps {
  readonly submit: (form: HTMLFormElement) => void;
  /** Takes every filter away; undefined when there is none. */
  readonly clear: (() => void) | undefined;
  readonly children: ComponentChildren;
}

/** A select of names; the chosen one is offered even before the list has arrived. */
export function Choice({ name, label, none, value, options, submit }: ChoiceProps): JSX.Element {
  const names = [...new Set([...(options ?? []), ...(value === undefined ? [] : [value])])].sort();
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <select
        class="select input-small"
        id={name}
        name={name}
        value={value ?? ''}
        onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
      >
        <option value="">{none}</option>
        {names.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </div>
  );
}

export interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly none: string;
  readonly value: string | undefined;
  readonly options: readonly string[] | undefined;
  readonly submit: (form: HTMLFormElement) => void;
}

/** A select of states, in the order in which they want attention. */
export function StateChoice<State extends string>({
  value,
  words,
  order,
  submit,
}: StateChoiceProps<State>): JSX.Element {
  const m = useMessages();
  return (
    <div class="field">
      <label for="state">{m.state}</label>
      <select
        class="select input-small"
        id="state"
        name="state"
        value={value ?? ''}
        onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
      >
        <option value="">{m.anyState}</option>
        {order.map((state) => (
          <option key={state} value={state}>
            {words[state]}
          </option>
        ))}
      </select>
    </div>
  );
}

export interface StateChoiceProps<State extends string> {
  readonly value: string | undefined;
  readonly words: Readonly<Record<State, string>>;
  readonly order: readonly State[];
  readonly submit: (form: HTMLFormElement) => void;
}

/** The whole key of what is looked for. */
export function KeyField({ value }: { readonly value: string | undefined }): JSX.Element {
  const m = useMessages();
  return (
    <div class="field filter-wide">
      <label for="key">{m.sagaKey}</label>
      <input
        class="input input-small"
        type="search"
        id="key"
        name="key"
        placeholder={m.sagaKeyHint}
        defaultValue={value ?? ''}
      />
    </div>
  );
}

/** The text of a form's field without spaces around it; undefined when there is none. */
export function filterText(data: FormData, name: string): string | undefined {
  const value = data.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
