import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { SagaList, SagaState } from '../../src/saga-contract.ts';
import type { SagaFilters } from './api.ts';
import { Choice, FilterForm, filterText, KeyField, StateChoice } from './filter-form.tsx';
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
      <StateChoice value={filters.state} words={m.sagaStates} order={stateOrder} submit={submit} />
      <Choice
        name="service"
        label={m.service}
        none={m.anyService}
        value={filters.service}
        options={services}
        submit={submit}
      />
      <Choice name="saga" label={m.saga} none={m.anySaga} value={filters.saga} options={names} submit={submit} />
      <KeyField value={filters.key} />
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
