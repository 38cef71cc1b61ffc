import type { SagaDetail, SagaOrder, SagaStepRecord } from '../../src/saga-contract.ts';
import { isForward } from './saga-steps.ts';

/** What an operator may do to a saga as it stands now; `steps` are those that it can be done to. */
export interface OfferedAction {
  readonly action: SagaOrder['action'];
  readonly steps: readonly string[];
}

/** What of the form belongs to each action. */
export type OrderField = 'step' | 'result' | 'data' | 'evidence' | 'minutes';
export const fieldsOf: Readonly<Record<SagaOrder['action'], readonly OrderField[]>> = {
  retry: [],
  resume: [],
  pause: [],
  undo: [],
  migrate: [],
  skip: ['step', 'result'],
  undone: ['step', 'evidence'],
  replace: ['step', 'data'],
  extend: ['minutes'],
};

/** The form as it was filled in. */
export type FilledIn = Readonly<Record<OrderField | 'by' | 'why', string>>;

/** Only what the service would take; it has the last word. */
export function offeredActions(saga: SagaDetail): readonly OfferedAction[] {
  const { state, deadlineAt } = saga;
  if (state === 'completed' || state === 'compensated') return [];
  const extend: readonly OfferedAction[] = deadlineAt === undefined ? [] : [{ action: 'extend', steps: [] }];
  if (state === 'paused') return [{ action: 'resume', steps: [] }, ...extend];
  const inStates = (...states: readonly SagaStepRecord['state'][]) =>
    saga.steps.flatMap((record) => (states.includes(record.state) ? [record.step] : []));
  const withSteps = (action: SagaOrder['action'], steps: readonly string[]): readonly OfferedAction[] =>
    steps.length === 0 ? [] : [{ action, steps }];
  const isStuckBackwards = state === 'needs-operator' && !isForward(saga);
  return [
    { action: 'retry', steps: [] },
    ...withSteps('skip', inStates('sent', 'asking')),
    ...withSteps('undone', isStuckBackwards ? inStates('undoing', 'done', 'unknown') : inStates('undoing')),
    ...withSteps('replace', inStates('sent', 'undoing')),
    ...(isForward(saga) && !isDecided(saga) ? [{ action: 'undo' as const, steps: [] }] : []),
    ...extend,
    { action: 'pause', steps: [] },
    { action: 'migrate', steps: [] },
  ];
}

/** What is sent; the field that makes no sense where one does not. */
export function orderFrom(action: SagaOrder['action'], filled: FilledIn): SagaOrder | { readonly wrong: OrderField } {
  const { by, why } = filled;
  const order: SagaOrder = { action, by, why };
  for (const field of fieldsOf[action]) {
    const text = filled[field].trim();
    if (field === 'step') order.step = text;
    else if (field === 'evidence') order.evidence = text;
    else if (field === 'minutes') {
      const minutes = Number(text);
      if (text === '' || !Number.isFinite(minutes) || minutes === 0) return { wrong: field };
      order.byMs = Math.round(minutes * 60_000);
    } else {
      const value = field === 'result' && text === '' ? { json: undefined } : parsed(text);
      if (value === undefined) return { wrong: field };
      if (value.json !== undefined) order[field] = value.json;
    }
  }
  return order;
}

/** Its pivot has been sent, or something that comes after it. */
function isDecided({ steps, plan }: SagaDetail): boolean {
  const decided = plan.filter(({ kind }) => kind !== 'compensatable').map(({ step }) => step);
  return steps.some(({ step }) => decided.includes(step) || decided.includes(step.replace(/\.\d+$/, '.*')));
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
