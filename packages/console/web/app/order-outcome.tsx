import type { JSX } from 'preact';
import { Note } from '../design/notices.tsx';
import type { Failure } from '../design/transport.ts';
import { ProblemView } from './problem-view.tsx';
import { useMessages } from './use-messages.ts';

/** What came of an order: the words for what was done, or why it was not. */
export type OrderOutcome =
  | { readonly kind: 'done'; readonly action: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Tells an operator what came of an order. */
export function OrderOutcomeNote({ outcome }: { readonly outcome: OrderOutcome }): JSX.Element {
  const m = useMessages();
  if (outcome.kind === 'done') return <Note tone="good">{m.actionDone(outcome.action)}</Note>;
  const { failure } = outcome;
  if (failure.kind !== 'problem' || failure.problem.code !== 'CONSOLE_ACTION_REFUSED')
    return <ProblemView failure={failure} retry={() => location.reload()} />;
  return (
    <Note tone="bad">
      <strong>{m.actionRefused}</strong>
      <p>{failure.problem.detail}</p>
    </Note>
  );
}
