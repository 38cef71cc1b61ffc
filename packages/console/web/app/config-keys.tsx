import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConfigKeyView, ServiceConfigView } from '../../src/config-contract.ts';
import { Note } from '../design/notices.tsx';
import type { ConfigFilters } from './config-filter-form.tsx';
import type { ConfigRow } from './config-rows.ts';
import { configRows, shown } from './config-rows.ts';
import { useMessages } from './use-messages.ts';

/** The keys of a service: value and origin; each opens to what it overrode. */
export function ConfigKeys({ config, filters }: ConfigKeysProps): JSX.Element {
  const m = useMessages();
  const [open, setOpen] = useState<string | undefined>(undefined);
  const rows = configRows(config, filters);
  const { against } = config;
  return (
    <section class="panel config-panel" aria-label={m.configKeys}>
      <p class="note-small config-order">{m.layersApplied(config.layers.join(' < '))}</p>
      {against?.problem === undefined ? null : (
        <Note tone="warn">
          <strong>{m.doesNotFit(against.profiles)}</strong>
          <pre class="config-reason">{against.problem}</pre>
        </Note>
      )}
      <table class="config-keys">
        <thead>
          <tr>
            <th scope="col">{m.configKey}</th>
            <th scope="col">{m.configValue}</th>
            <th scope="col">{m.configOrigin}</th>
            {against === undefined ? null : <th scope="col">{against.profiles}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.key}
              row={row}
              isCompared={against !== undefined}
              open={open === row.key}
              toggle={() => setOpen(open === row.key ? undefined : row.key)}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <p class="faint config-none">{m.noKeys}</p> : null}
    </section>
  );
}

export interface ConfigKeysProps {
  readonly config: ServiceConfigView;
  readonly filters: ConfigFilters;
}

function Row({ row: { key, own, other, isDifferent }, isCompared, open, toggle }: RowProps): JSX.Element {
  const m = useMessages();
  return (
    <>
      <tr class={isDifferent ? 'is-different' : ''}>
        <th scope="row">
          <button type="button" class="config-key" aria-expanded={open} title={m.showOverrides} onClick={toggle}>
            {key}
          </button>
        </th>
        <td>
          <code>{shown(own)}</code>
        </td>
        <td>{own === undefined ? null : <Origin of={own} />}</td>
        {isCompared ? (
          <td>
            <code>{shown(other)}</code> {other === undefined ? null : <Origin of={other} />}
          </td>
        ) : null}
      </tr>
      {open ? (
        <tr class="config-detail">
          <td colSpan={isCompared ? 4 : 3}>{own === undefined ? null : <Detail of={own} />}</td>
        </tr>
      ) : null}
    </>
  );
}

interface RowProps {
  readonly row: ConfigRow;
  readonly isCompared: boolean;
  readonly open: boolean;
  readonly toggle: () => void;
}

function Detail({ of: { type, description, overrides } }: { readonly of: ConfigKeyView }): JSX.Element {
  const m = useMessages();
  return (
    <>
      {type === undefined && description === undefined ? null : (
        <p>
          {type === undefined ? null : <code>{type}</code>} {description}
        </p>
      )}
      {overrides.length === 0 ? (
        <p class="faint">{m.overridesNothing}</p>
      ) : (
        <>
          <p>{m.overrides}</p>
          <ul>
            {overrides.map((one) => (
              <li key={`${one.layer} ${one.place}`}>
                <code>{shown(one)}</code> <Origin of={one} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Origin({ of: { layer, place } }: { readonly of: Pick<ConfigKeyView, 'layer' | 'place'> }): JSX.Element {
  const m = useMessages();
  const known: Readonly<Record<string, string>> = m.layer;
  return (
    <span class="config-origin">
      <span class={`badge layer-${layer}`}>{known[layer] ?? layer}</span>
      {layer === 'default' ? null : <span class="faint">{place}</span>}
    </span>
  );
}
