import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { useResource } from '../design/use-resource.ts';
import type { TraceFilters } from './api.ts';
import { listOperations } from './api.ts';
import { useMessages } from './use-messages.ts';

/** The filters of the trace search; a choice applies at once, typed text on Enter or by the button. */
export function TraceFilterForm({ filters, apply }: TraceFilterFormProps): JSX.Element {
  const m = useMessages();
  const names = useResource(`operations ${filters.service ?? ''}`, (signal) => listOperations(filters.service, signal));
  const submit = (form: HTMLFormElement) => apply(readForm(form));
  const filtered = Object.values(filters).some((value) => value !== undefined);
  return (
    <search>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <div class="field filter-wide">
          <label for="text">{m.traceText}</label>
          <input
            class="input input-small"
            type="search"
            id="text"
            name="text"
            placeholder={m.traceTextHint}
            defaultValue={filters.text ?? ''}
          />
        </div>
        <Choice
          name="service"
          label={m.service}
          none={m.anyService}
          value={filters.service}
          options={names.value?.services}
          submit={submit}
        />
        {filters.service === undefined ? null : (
          <Choice
            name="operation"
            label={m.operation}
            none={m.anyOperation}
            value={filters.operation}
            options={names.value?.operations}
            submit={submit}
          />
        )}
        <div class="field filter-narrow">
          <label for="minDurationMs">{m.minDuration}</label>
          <input
            class="input input-small"
            type="number"
            min="0"
            step="any"
            inputMode="decimal"
            id="minDurationMs"
            name="minDurationMs"
            defaultValue={filters.minDurationMs ?? ''}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            name="error"
            defaultChecked={filters.error === 'true'}
            onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
          />
          {m.onlyErrors}
        </label>
        <button type="submit" class="button button-small button-primary">
          <Icon name="search" size={16} />
          {m.search}
        </button>
        {filtered ? (
          <button type="button" class="button button-small button-quiet" onClick={() => apply({})}>
            {m.clear}
          </button>
        ) : null}
      </form>
    </search>
  );
}

export interface TraceFilterFormProps {
  readonly filters: TraceFilters;
  readonly apply: (filters: TraceFilters) => void;
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

function readForm(form: HTMLFormElement): TraceFilters {
  const data = new FormData(form);
  const text = (name: string): string | undefined => {
    const value = data.get(name);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  };
  return {
    service: text('service'),
    operation: text('service') === undefined ? undefined : text('operation'),
    minDurationMs: text('minDurationMs'),
    error: data.get('error') === null ? undefined : 'true',
    text: text('text'),
  };
}
