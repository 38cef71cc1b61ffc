import type { JSX } from 'preact';
import type { ParkedDetail } from '../../src/parked-contract.ts';
import { formatDateTime } from '../design/format.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useMessages } from './use-messages.ts';

/** What operators did about a key or all of its source, the latest first, with who and why. */
export function ParkedHistory({ actions }: { readonly actions: ParkedDetail['actions'] }): JSX.Element | null {
  const m = useMessages();
  const { language } = usePreferences();
  if (actions.length === 0) return null;
  const words: Readonly<Record<string, string>> = m.parkedDone;
  return (
    <section class="panel" aria-labelledby="parked-history">
      <div class="panel-head">
        <h2 id="parked-history">{m.parkedHistory}</h2>
        <span class="faint numeric">{m.lines(actions.length)}</span>
      </div>
      <div class="case-history">
        <table>
          <thead>
            <tr>
              {[m.time, m.what, m.parkedWho, m.why].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {actions.map(({ at, what, key, by, why }, line) => (
              <tr key={actions.length - line}>
                <td class="numeric">{formatDateTime(at, language)}</td>
                <td>{what === 'retry' && key === undefined ? m.parkedDone.retryAll : (words[what] ?? what)}</td>
                <td>{by}</td>
                <td>{why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
