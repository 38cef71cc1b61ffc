import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import { useResource } from '../design/use-resource.ts';
import type { LogFilters } from './api.ts';
import { listOperations } from './api.ts';
import { Choice } from './trace-filter-form.tsx';
import { useMessages } from './use-messages.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** The filters of the log search; a choice applies at once, typed text on Enter or by the button. */
export function LogFilterForm({ filters, apply }: LogFilterFormProps): JSX.Element {
  const m = useMessages();
  const names = useResource('services', (signal) => listOperations(undefined, signal));
  const submit = (form: HTMLFormElement) =>
    apply({ ...readForm(form), level: filters.level, traceId: filters.traceId });
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

export interface LogFilterFormProps {
  readonly filters: LogFilters;
  readonly apply: (filters: LogFilters) => void;
}

function readForm(form: HTMLFormElement): LogFilters {
  const data = new FormData(form);
  const [service, text] = [data.get('service'), data.get('text')];
  return {
    service: typeof service === 'string' && service !== '' ? service : undefined,
    text: typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined,
  };
}
