import type { JSX } from 'preact';
import type { OverviewView } from '../../src/contract.ts';
import { formatAgo } from '../design/format.ts';
import { Link } from '../design/navigation.tsx';
import { usePreferences } from '../design/use-preferences.ts';
import { ServiceName } from './service-name.tsx';
import { useMessages } from './use-messages.ts';

/** What failed of late, each with the trace of its latest occurrence. */
export function FailureList({ errors, now, colours }: FailureListProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <section class="panel failures" aria-labelledby="failures-title">
      <h2 id="failures-title">{m.failuresTitle}</h2>
      {errors.length === 0 ? <p class="faint">{m.failuresEmpty}</p> : null}
      <ul>
        {errors.map(({ service, operation, code, message, count, lastAt, traceId }) => (
          <li key={`${service} ${operation} ${code}`}>
            <Link to={`/traces/${traceId}`} class="failure">
              <span class="failure-head">
                <code>{code}</code>
                <span class="badge badge-bad">{count}</span>
              </span>
              <span class="failure-message">{message}</span>
              <span class="failure-where">
                <ServiceName service={service} colours={colours} /> {operation} · {formatAgo(lastAt, now, language)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export interface FailureListProps {
  readonly errors: OverviewView['errors'];
  readonly now: number;
  readonly colours: ReadonlyMap<string, string>;
}
