import type { JSX } from 'preact';
import type { ConfigChangesView } from '../../src/config-contract.ts';
import { formatAgo, formatDateTime } from '../design/format.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useMessages } from './use-messages.ts';

/** Which instance of a service runs which version, and the versions that there were. */
export function ConfigVersions({ service, changes }: ConfigVersionsProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const instances = changes.instances.filter(({ application }) => application === service);
  const targets = changes.targets.filter(({ target }) => target.split(/[^A-Za-z0-9-]/, 1)[0] === service);
  return (
    <div class="board-pair">
      <section class="panel config-panel" aria-label={m.versionsRunning}>
        <h2>{m.versionsRunning}</h2>
        <table class="config-keys">
          <tbody>
            {instances.map(({ instance, version, since, refused, follows }) => (
              <tr key={instance}>
                <th scope="row">
                  <code>{instance}</code>
                </th>
                <td>
                  <code>{version ?? '–'}</code>
                </td>
                <td>{formatAgo(since, changes.now, language)}</td>
                <td>
                  <span class={`badge ${refused === undefined ? 'badge-good' : 'badge-bad'}`} title={refused}>
                    {refused === undefined ? (follows ? m.follows : m.asks) : m.refused}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {instances.length === 0 ? <p class="faint config-none">{m.noInstances}</p> : null}
      </section>
      <section class="panel config-panel" aria-label={m.history}>
        <h2>{m.history}</h2>
        <ol class="config-history" reversed>
          {targets.flatMap(({ target, versions }) =>
            versions.toReversed().map(({ version, at }) => (
              <li key={`${target} ${version} ${at}`}>
                <code>{version}</code>
                <span>{target}</span>
                <span class="faint">{formatDateTime(at, language)}</span>
              </li>
            )),
          )}
        </ol>
        {targets.length === 0 ? <p class="faint config-none">{m.noHistory}</p> : null}
      </section>
    </div>
  );
}

export interface ConfigVersionsProps {
  readonly service: string;
  readonly changes: ConfigChangesView & { readonly now: number };
}
