import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { SagaList, SagaState } from '../../src/saga-contract.ts';
import type { SagaFilters } from './api.ts';
import { Choice, FilterForm, filterText } from './filter-form.tsx';
import { KnownServices } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

/** Narrows the list of sagas by service, name, state and key. */
export function SagaFilterForm({ filters, sagas, apply }: SagaFilterFormProps): JSX.Element {
  const m = useMessages();
  const services = useContext(KnownServices);
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const [service, saga, state, key] = ['service', 'saga', 'state', 'key'].map((name) => filterText(data, name));
    apply({ service, saga, state, key });
  };
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  const names = [...new Set(sagas?.map(({ saga }) => saga))];
  return (
    <FilterForm submit={submit} clear={isFiltered ? () => apply({}) : undefined}>
      <div class="field">
        <label for="state">{m.state}</label>
        <select
          class="select input-small"
          id="state"
          name="state"
          value={filters.state ?? ''}
          onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
        >
          <option value="">{m.anyState}</option>
          {stateOrder.map((state) => (
            <option key={state} value={state}>
              {m.sagaStates[state]}
            </option>
          ))}
        </select>
      </div>
      <Choice
        name="service"
        label={m.service}
        none={m.anyService}
        value={filters.service}
        options={services}
        submit={submit}
      />
      <Choice name="saga" label={m.saga} none={m.anySaga} value={filters.saga} options={names} submit={submit} />
      <div class="field filter-wide">
        <label for="key">{m.sagaKey}</label>
        <input
          class="input input-small"
          type="search"
          id="key"
          name="key"
          placeholder={m.sagaKeyHint}
          defaultValue={filters.key ?? ''}
        />
      </div>
    </FilterForm>
  );
}

export interface SagaFilterFormProps {
  readonly filters: SagaFilters;
  readonly sagas: SagaList['sagas'] | undefined;
  readonly apply: (filters: SagaFilters) => void;
}

/** What wants attention first. */
const stateOrder: readonly SagaState[] = [
  'needs-operator',
  'paused',
  'running',
  'compensating',
  'completed',
  'compensated',
];
