import type { JSX } from 'preact';
import { useResource } from '../design/use-resource.ts';
import type { LogFilters } from './api.ts';
import { listOperations } from './api.ts';
import { Choice, FilterForm, filterText } from './filter-form.tsx';
import { useMessages } from './use-messages.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** The filters of the log search. */
export function LogFilterForm({ filters, apply }: LogFilterFormProps): JSX.Element {
  const m = useMessages();
  const names = useResource('services', (signal) => listOperations(undefined, signal));
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    apply({ ...filters, service: filterText(data, 'service'), text: filterText(data, 'text') });
  };
  const filtered = Object.values(filters).some((value) => value !== undefined);
  return (
    <FilterForm submit={submit} clear={filtered ? () => apply({}) : undefined}>
      <div class="field filter-wide">
        <label for="text">{m.logText}</label>
        <input class="input input-small" type="search" id="text" name="text" defaultValue={filters.text ?? ''} />
      </div>
      <Choice
        name="service"
        label={m.service}
        none={m.anyService}
        value={filters.service}
        options={names.value?.services}
        submit={submit}
      />
      <fieldset class="field">
        <legend class="field-label">{m.level}</legend>
        <div class="segments">
          {levels.map((level) => (
            <button
              key={level}
              type="button"
              aria-pressed={(filters.level ?? 'debug') === level}
              title={m.levelAndAbove[level]}
              onClick={() => apply({ ...filters, level: level === 'debug' ? undefined : level })}
            >
              {level}
            </button>
          ))}
        </div>
      </fieldset>
    </FilterForm>
  );
}

export interface LogFilterFormProps {
  readonly filters: LogFilters;
  readonly apply: (filters: LogFilters) => void;
}
