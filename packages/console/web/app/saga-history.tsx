import type { JSX } from 'preact';
import type { SagaDetail } from '../../src/saga-contract.ts';
import { formatDateTime, formatTimeOfDay } from '../design/format.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useMessages } from './use-messages.ts';

const bad = new Set(['failed', 'timed-out', 'refused', 'stuck', 'end-failed', 'turned-back']);

/** What happened to a saga, the latest first, with who did what and why. */
export function SagaHistory({ history }: { readonly history: SagaDetail['history'] }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <section class="panel" aria-labelledby="saga-history">
      <div class="panel-head">
        <h2 id="saga-history">{m.sagaHistory}</h2>
        <span class="faint numeric">{m.lines(history.length)}</span>
      </div>
      <div class="case-history">
        <table>
          <thead>
            <tr>
              {[m.time, m.step, m.what, m.detail].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {history.toReversed().map(({ at, what, step, direction, attempt = 1, detail }, line) => (
              <tr key={history.length - line}>
                <td class="numeric" title={formatDateTime(at, language)}>
                  {formatTimeOfDay(at)}
                </td>
                <td>{step}</td>
                <td class={bad.has(what) ? 'is-bad' : ''}>{wordsFor(m, what, direction, attempt)}</td>
                <td>{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

type Entry = SagaDetail['history'][number];

function wordsFor(
  m: ReturnType<typeof useMessages>,
  what: string,
  direction: Entry['direction'],
  attempt: number,
): string {
  const happened: Readonly<Record<string, string>> = m.happened;
  const way = direction === undefined || direction === 'do' ? '' : m.directions[direction];
  return [way, happened[what] ?? what, attempt > 1 ? `×${attempt}` : ''].filter((word) => word !== '').join(' ');
}
