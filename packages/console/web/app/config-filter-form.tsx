import type { JSX } from 'preact';
import { Choice, FilterForm, filterText } from './filter-form.tsx';
import { useMessages } from './use-messages.ts';

/** What of the configuration is shown, as it stands in the page's address. */
export interface ConfigFilters {
  readonly service: string | undefined;
  /** Profiles of another environment to compare with. */
  readonly against: string | undefined;
  readonly text: string | undefined;
  readonly onlyDifferent: boolean;
}

const environments = ['dev', 'test', 'prod'] as const;

/** Chooses a service, an environment to compare with, and which keys. */
export function ConfigFilterForm({ filters, services, apply }: ConfigFilterFormProps): JSX.Element {
  const m = useMessages();
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const against = filterText(data, 'against');
    apply({
      service: filterText(data, 'service') ?? filters.service,
      against,
      text: filterText(data, 'text'),
      onlyDifferent: against !== undefined && data.get('different') === 'on',
    });
  };
  const isFiltered = filters.against !== undefined || filters.text !== undefined;
  return (
    <FilterForm
      submit={submit}
      clear={
        isFiltered ? () => apply({ ...filters, against: undefined, text: undefined, onlyDifferent: false }) : undefined
      }
    >
      <Choice
        name="service"
        label={m.service}
        none={m.chooseService}
        value={filters.service}
        options={services}
        submit={submit}
      />
      <div class="field filter-wide">
        <label for="text">{m.configText}</label>
        <input class="input input-small" type="search" id="text" name="text" defaultValue={filters.text ?? ''} />
      </div>
      <Environment value={filters.against} />
      {filters.against === undefined ? null : (
        <label class="check">
          <input
            type="checkbox"
            name="different"
            checked={filters.onlyDifferent}
            onChange={({ currentTarget: { form } }) => form !== null && submit(form)}
          />
          {m.onlyDifferent}
        </label>
      )}
    </FilterForm>
  );
}

/** Profiles are free to choose; the usual ones are offered. */
function Environment({ value }: { readonly value: string | undefined }): JSX.Element {
  const m = useMessages();
  return (
    <div class="field">
      <label for="against">{m.compareWith}</label>
      <input
        class="input input-small"
        id="against"
        name="against"
        list="environments"
        placeholder="prod"
        defaultValue={value ?? ''}
        pattern="[A-Za-z0-9][A-Za-z0-9,_.@+\\-]*"
      />
      <datalist id="environments">
        {environments.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

export interface ConfigFilterFormProps {
  readonly filters: ConfigFilters;
  readonly services: readonly string[] | undefined;
  readonly apply: (filters: ConfigFilters) => void;
}
