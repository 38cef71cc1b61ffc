import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SagaDetail, SagaOrder } from '../../src/saga-contract.ts';
import { operateSaga } from './api.ts';
import { lastActor } from './last-actor.ts';
import { OrderChoice } from './order-field.tsx';
import type { OrderOutcome } from './order-outcome.tsx';
import { OrderOutcomeNote } from './order-outcome.tsx';
import { SagaOrderFields } from './saga-order-fields.tsx';
import type { FilledIn, OfferedAction, OrderField } from './saga-orders.ts';
import { fieldsOf, offeredActions, orderFrom } from './saga-orders.ts';
import { useMessages } from './use-messages.ts';

const blank: FilledIn = { step: '', result: '', data: '', evidence: '', minutes: '', by: '', why: '' };

type Outcome = OrderOutcome | { readonly kind: 'wrong'; readonly field: OrderField };

/** What an operator can do to a saga now: one action at a time, with who and why. */
export function SagaActions({ saga, done }: SagaActionsProps): JSX.Element {
  const m = useMessages();
  const [filled, fill] = useState<FilledIn>({ ...blank, by: lastActor.name });
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const offered = offeredActions(saga);
  const send = async (action: SagaOrder['action'], form: FilledIn) => {
    const order = orderFrom(action, form);
    if ('wrong' in order) return setOutcome({ kind: 'wrong', field: order.wrong });
    lastActor.name = form.by;
    setSending(true);
    const answer = await operateSaga(saga.service, saga.id, order);
    setSending(false);
    setOutcome(answer.ok ? { kind: 'done', action: m.actions[action] } : { kind: 'failed', failure: answer.failure });
    if (answer.ok) fill({ ...blank, by: form.by });
    done();
  };
  const form = { offered, filled, fill, isSending, send, forget: () => setOutcome(undefined) };
  return (
    <section class="panel" aria-labelledby="saga-act">
      <div class="panel-head">
        <h2 id="saga-act">{m.act}</h2>
      </div>
      {offered.length === 0 ? (
        <p class="panel-empty faint">{m.actOver}</p>
      ) : (
        <OrderForm {...form} wrong={outcome?.kind === 'wrong' ? outcome.field : undefined} />
      )}
      <div class="order-outcome" role="status">
        {outcome === undefined || outcome.kind === 'wrong' ? null : <OrderOutcomeNote outcome={outcome} />}
      </div>
    </section>
  );
}

export interface SagaActionsProps {
  readonly saga: SagaDetail;
  /** Something has been asked for: look again. */
  readonly done: () => void;
}

function OrderForm({ offered, filled, fill, isSending, send, wrong, forget }: OrderFormProps): JSX.Element | null {
  const m = useMessages();
  const [chosen, choose] = useState<SagaOrder['action'] | undefined>(undefined);
  const offer = offered.find(({ action }) => action === chosen) ?? offered[0];
  if (offer === undefined) return null;
  const { action, steps } = offer;
  const step = steps.includes(filled.step) ? filled.step : (steps[0] ?? '');
  return (
    <form
      class="order-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send(action, { ...filled, step });
      }}
    >
      <OrderChoice
        name="action"
        label={m.action}
        value={action}
        options={Object.fromEntries(offered.map(({ action: one }) => [one, m.actions[one]]))}
        hint={m.actionHints[action]}
        change={(value) => {
          choose(value as SagaOrder['action']);
          forget();
        }}
      />
      <SagaOrderFields
        fields={fieldsOf[action]}
        steps={steps}
        filled={{ ...filled, step }}
        wrong={wrong}
        change={(part) => fill({ ...filled, ...part })}
      />
      <p class="field-hint">{m.recorded}</p>
      <button type="submit" class="button button-primary" disabled={isSending}>
        {m.actions[action]}
      </button>
    </form>
  );
}

interface OrderFormProps {
  readonly offered: readonly OfferedAction[];
  readonly filled: FilledIn;
  readonly fill: (filled: FilledIn) => void;
  readonly isSending: boolean;
  readonly send: (action: SagaOrder['action'], filled: FilledIn) => Promise<void>;
  readonly wrong: OrderField | undefined;
  /** Another action is chosen: what came of the last one does not matter any more. */
  readonly forget: () => void;
}
