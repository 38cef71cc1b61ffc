import type { JSX } from 'preact';
import type { SagaDetail } from '../../src/saga-contract.ts';
import { formatDateTime, formatDuration } from '../design/format.ts';
import type { IconName } from '../design/icons.tsx';
import { Icon } from '../design/icons.tsx';
import { usePreferences } from '../design/use-preferences.ts';
import type { StepPhase, StepRow } from './saga-steps.ts';
import { barOf, stepRows } from './saga-steps.ts';
import { useMessages } from './use-messages.ts';

const looks: Readonly<Record<StepPhase, readonly [tone: string, icon: IconName]>> = {
  next: ['', 'clock'],
  unreached: ['', 'minus'],
  running: ['badge-info', 'play'],
  waiting: ['badge-info', 'clock'],
  asking: ['badge-warn', 'search'],
  undoing: ['badge-warn', 'left'],
  stuck: ['badge-bad', 'alert'],
  done: ['badge-good', 'check'],
  chosen: ['badge-good', 'check'],
  refused: ['badge-bad', 'cross'],
  unknown: ['badge-warn', 'alert'],
  undone: ['', 'left'],
  kept: ['', 'check'],
};

/** The steps of a saga, each with its place in time; one opens to all that is known of it. */
export function SagaTimeline({ saga }: { readonly saga: SagaDetail }): JSX.Element {
  const m = useMessages();
  return (
    <section class="panel" aria-labelledby="saga-steps">
      <div class="panel-head">
        <h2 id="saga-steps">{m.steps}</h2>
      </div>
      <ol class="saga-steps">
        {stepRows(saga).map((row) => (
          <li key={row.step}>
            {row.record === undefined ? (
              <div class="saga-step is-to-come">
                <StepLine row={row} saga={saga} />
              </div>
            ) : (
              <details>
                <summary class="saga-step">
                  <StepLine row={row} saga={saga} />
                </summary>
                <StepDetail row={row} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  readonly row: StepRow;
  readonly saga: SagaDetail;
}

function StepLine({ row, saga }: StepProps): JSX.Element {
  const m = useMessages();
  const { step, phase, does, isPivot, attempts, beganAt, endedAt } = row;
  const [tone, icon] = looks[phase];
  const bar = barOf(row, saga);
  const tookMs = beganAt === undefined ? undefined : (endedAt ?? saga.now) - beganAt;
  return (
    <>
      <span class="saga-step-name">
        <strong>{step}</strong>
        {isPivot ? <span class="chip">{m.pivot}</span> : null}
        {does === undefined ? null : <span class="faint">{does}</span>}
      </span>
      <span class={`badge ${tone}`}>
        <Icon name={icon} size={12} />
        {m.stepPhases[phase]}
      </span>
      <span class="saga-bar" aria-hidden="true">
        {bar === undefined ? null : (
          <span
            class={`saga-bar-fill is-${phase}`}
            style={{ marginLeft: `${bar.from * 100}%`, width: `max(3px, ${bar.width * 100}%)` }}
          />
        )}
      </span>
      <span class="saga-step-facts numeric">
        {attempts > 1 ? <span class="is-bad">{m.attempts(attempts)}</span> : null}
        {tookMs === undefined || tookMs <= 0 ? null : <span>{formatDuration(tookMs)}</span>}
      </span>
    </>
  );
}

function StepDetail({ row: { record, failure, beganAt, attempts } }: { readonly row: StepRow }): JSX.Element | null {
  const m = useMessages();
  const { language } = usePreferences();
  if (record === undefined) return null;
  const { problem, dueAt, waits, result, data, items, code, refusal } = record;
  const happened: Readonly<Record<string, string>> = m.happened;
  const facts: Readonly<Record<string, string | undefined>> = {
    [m.problem]: problem,
    [m.refused]: code ?? refusal?.code,
    [m.stepPhases.waiting]: waits === undefined ? undefined : m.waitsForEvent(waits.event, waits.key),
    [m.until]: waits?.untilMs === undefined ? undefined : formatDateTime(waits.untilMs, language),
    [m.nextAt]: dueAt === undefined ? undefined : formatDateTime(dueAt, language),
    [m.attemptsMade]: attempts === 0 ? undefined : String(attempts),
    [m.lastError]:
      failure === undefined ? undefined : `${happened[failure.what] ?? failure.what} ${failure.detail ?? ''}`.trim(),
    [m.started]: beganAt === undefined ? undefined : formatDateTime(beganAt, language),
  };
  return (
    <div class="saga-detail">
      <dl class="attributes">
        {Object.entries(facts).map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <Json title={m.result} value={result ?? items} />
      <Json title={m.refused} value={refusal?.data ?? (code === undefined ? undefined : data)} />
      <Json title={m.sentInstead} value={code === undefined ? data : undefined} />
    </div>
  );
}

function Json({ title, value }: { readonly title: string; readonly value: unknown }): JSX.Element | null {
  if (value === undefined || value === null) return null;
  return (
    <>
      <h3>{title}</h3>
      <pre class="json">{JSON.stringify(value, undefined, 2)}</pre>
    </>
  );
}
