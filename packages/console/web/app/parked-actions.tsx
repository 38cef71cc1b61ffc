import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { ParkedDetail } from '../../src/parked-contract.ts';
import { Skeleton } from '../design/notices.tsx';
import { useResource } from '../design/use-resource.ts';
import { getParkedData, operateParked } from './api.ts';
import { lastActor } from './last-actor.ts';
import { ActorFields, OrderChoice, OrderField } from './order-field.tsx';
import type { OrderOutcome } from './order-outcome.tsx';
import { OrderOutcomeNote } from './order-outcome.tsx';
import type { ParkedAction, ParkedForm } from './parked-orders.ts';
import { offeredParkedActions, parkedFields, parkedOrderFrom } from './parked-orders.ts';
import { ProblemView } from './problem-view.tsx';
import { useMessages } from './use-messages.ts';

type Outcome = OrderOutcome | { readonly kind: 'wrong' };

/** What an operator can do about a parked key: one action at a time, with who and why. */
export function ParkedActions({ parked, done }: ParkedActionsProps): JSX.Element {
  const m = useMessages();
  const [action, choose] = useState<ParkedAction>('retry');
  const [filled, fill] = useState<ParkedForm>({ message: '', data: '', by: lastActor.name, why: '' });
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const ids = parked.waiting.map(({ message }) => message.id);
  const message = ids.includes(filled.message) ? filled.message : (ids[0] ?? '');
  const send = async () => {
    const order = parkedOrderFrom(action, parked, { ...filled, message });
    if ('wrong' in order) return setOutcome({ kind: 'wrong' });
    lastActor.name = filled.by;
    setSending(true);
    const answer = await operateParked(parked.service, order);
    setSending(false);
    const { failure } = answer.ok ? { failure: undefined } : answer;
    setOutcome(failure === undefined ? { kind: 'done', action: m.parkedActions[action] } : { kind: 'failed', failure });
    if (answer.ok) fill({ message: '', data: '', by: filled.by, why: '' });
    if (answer.ok) choose('retry');
    done();
  };
  const change = (part: Partial<ParkedForm>) => fill((now) => ({ ...now, ...part }));
  const form = { parked, action, filled: { ...filled, message }, isWrong: outcome?.kind === 'wrong', change };
  return (
    <section class="panel" aria-labelledby="parked-act">
      <div class="panel-head">
        <h2 id="parked-act">{m.act}</h2>
      </div>
      <form
        class="order-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <OrderChoice
          name="action"
          label={m.action}
          value={action}
          options={Object.fromEntries(offeredParkedActions(parked).map((one) => [one, m.parkedActions[one]]))}
          hint={m.parkedActionHints[action]}
          change={(value) => {
            choose(value as ParkedAction);
            setOutcome(undefined);
          }}
        />
        <Fields {...form} />
        <p class="field-hint">{m.parkedRecorded}</p>
        <button type="submit" class="button button-primary" disabled={isSending}>
          {m.parkedActions[action]}
        </button>
      </form>
      <div class="order-outcome" role="status">
        {outcome === undefined || outcome.kind === 'wrong' ? null : <OrderOutcomeNote outcome={outcome} />}
      </div>
    </section>
  );
}

export interface ParkedActionsProps {
  readonly parked: ParkedDetail;
  /** Something has been asked for: look again. */
  readonly done: () => void;
}

function Fields({ parked, action, filled, isWrong, change }: FieldsProps): JSX.Element {
  const m = useMessages();
  const fields = parkedFields[action];
  return (
    <>
      {fields.includes('message') && parked.waiting.length > 1 ? (
        <OrderChoice
          name="message"
          label={m.parkedMessage}
          value={filled.message}
          options={Object.fromEntries(
            parked.waiting.map(({ message: { id, type } }, place) => [id, `${place + 1}. ${type}`]),
          )}
          change={(message) => change({ message, data: '' })}
        />
      ) : null}
      {fields.includes('data') ? (
        <DataField key={filled.message} parked={parked} filled={filled} isWrong={isWrong} change={change} />
      ) : null}
      <ActorFields filled={filled} change={change} />
    </>
  );
}

/** Begins with what the message says now: before it is shown, so that nobody types into it before. */
function DataField({ parked, filled, isWrong, change }: Omit<FieldsProps, 'action'>): JSX.Element {
  const m = useMessages();
  const { service, source, key } = parked;
  const { value, failure, reload } = useResource(filled.message, (signal) =>
    getParkedData(service, { source, key }, filled.message, signal),
  );
  useLayoutEffect(() => {
    if (value === undefined || filled.data !== '') return;
    const data = value.edited === undefined ? value.message.data : value.edited.data;
    change({ data: JSON.stringify(data, undefined, 2) ?? 'null' });
  }, [value]);
  if (failure !== undefined) return <ProblemView failure={failure} retry={reload} />;
  if (value === undefined) return <Skeleton rows={4} />;
  return (
    <OrderField
      name="data"
      kind="json"
      label={m.dataJson}
      value={filled.data}
      hint={m.parkedMasks}
      wrong={isWrong ? m.fieldWrong.data : undefined}
      change={(data) => change({ data })}
    />
  );
}

interface FieldsProps {
  readonly parked: ParkedDetail;
  readonly action: ParkedAction;
  readonly filled: ParkedForm;
  /** The data are no JSON. */
  readonly isWrong: boolean;
  readonly change: (part: Partial<ParkedForm>) => void;
}
