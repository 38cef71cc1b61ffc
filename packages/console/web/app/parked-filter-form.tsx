import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { ParkedList, ParkedState } from '../../src/parked-contract.ts';
import type { ParkedFilters } from './api.ts';
import { Choice, FilterForm, filterText, KeyField, StateChoice } from './filter-form.tsx';
import { KnownServices } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

/** Narrows the list of parked keys by state, service, source and key. */
export function ParkedFilterForm({ filters, keys, apply }: ParkedFilterFormProps): JSX.Element {
  const m = useMessages();
  const services = useContext(KnownServices);
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const [service, source, state, key] = ['service', 'source', 'state', 'key'].map((name) => filterText(data, name));
    apply({ service, source, state, key });
  };
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  const sources = [...new Set(keys?.map(({ source }) => source))];
  return (
    <FilterForm submit={submit} clear={isFiltered ? () => apply({}) : undefined}>
      <StateChoice value={filters.state} words={m.parkedStates} order={stateOrder} submit={submit} />
      <Choice
        name="service"
        label={m.service}
        none={m.anyService}
        value={filters.service}
        options={services}
        submit={submit}
      />
      <Choice
        name="source"
        label={m.parkedSource}
        none={m.anySource}
        value={filters.source}
        options={sources}
        submit={submit}
      />
      <KeyField value={filters.key} />
    </FilterForm>
  );
}

export interface ParkedFilterFormProps {
  readonly filters: ParkedFilters;
  readonly keys: ParkedList['keys'] | undefined;
  readonly apply: (filters: ParkedFilters) => void;
}

/** What wants attention first. */
const stateOrder: readonly ParkedState[] = ['stopped', 'waiting'];
