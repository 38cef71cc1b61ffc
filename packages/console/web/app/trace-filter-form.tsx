import type { JSX } from 'preact';
import { useResource } from '../design/use-resource.ts';
import type { TraceFilters } from './api.ts';
import { listOperations } from './api.ts';
import { Choice, FilterForm, filterText } from './filter-form.tsx';
import { useMessages } from './use-messages.ts';

/** The filters of the trace search. */
export function TraceFilterForm({ filters, apply }: TraceFilterFormProps): JSX.Element {
  const m = useMessages();
  const { service, operation } = filters;
  const names = useResource(`operations ${service ?? ''}`, (signal) => listOperations(service, signal));
  const submit = (form: HTMLFormElement) => apply(readForm(form));
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const { services, operations } = names.value ?? {};
  return (
    <FilterForm submit={submit} clear={filtered ? () => apply({}) : undefined}>
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
      <Choice name="service" label={m.service} none={m.anyService} value={service} options={services} submit={submit} />
      {service === undefined ? null : (
        <Choice
          name="operation"
          label={m.operation}
          none={m.anyOperation}
          value={operation}
          options={operations}
          submit={submit}
        />
      )}
      <DurationField value={filters.minDurationMs} />
      <label class="check">
        <input
          type="checkbox"
          name="error"
          defaultChecked={filters.error === 'true'}
          onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
        />
        {m.onlyErrors}
      </label>
    </FilterForm>
  );
}

export interface TraceFilterFormProps {
  readonly filters: TraceFilters;
  readonly apply: (filters: TraceFilters) => void;
}

function DurationField({ value }: { readonly value: string | undefined }): JSX.Element {
  const m = useMessages();
  return (
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
        defaultValue={value ?? ''}
      />
    </div>
  );
}

function readForm(form: HTMLFormElement): TraceFilters {
  const data = new FormData(form);
  const service = filterText(data, 'service');
  return {
    service,
    operation: service === undefined ? undefined : filterText(data, 'operation'),
    minDurationMs: filterText(data, 'minDurationMs'),
    error: data.get('error') === null ? undefined : 'true',
    text: filterText(data, 'text'),
  };
}
