import type { SagaAction, SagaMove } from '@dure/saga';

/** What an operator asks for, who asks, and why. */
export interface AskedAction {
  readonly action: SagaAction | SagaMove;
  readonly by: string;
  readonly why: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Action = SagaAction | SagaMove;
type Read = (fields: Fields) => Action | string;

const needsStep = 'name the step: { "step": "…" }';

const actions: Readonly<Record<Action['do'], Read>> = {
  retry: () => ({ do: 'retry' }),
  undo: () => ({ do: 'undo' }),
  pause: () => ({ do: 'pause' }),
  resume: () => ({ do: 'resume' }),
  migrate: () => ({ do: 'migrate' }),
  skip: ({ step, result }) => (isText(step) ? { do: 'skip', step, result } : needsStep),
  undone: ({ step, evidence }) =>
    isText(step) && isText(evidence)
      ? { do: 'undone', step, evidence }
      : 'name the step, and how you know that it is undone: { "step": "…", "evidence": "…" }',
  extend: ({ byMs }) =>
    typeof byMs === 'number' ? { do: 'extend', byMs } : 'say by how many milliseconds: { "byMs": 60000 }',
  replace: ({ step, data }) =>
    isText(step) && data !== undefined
      ? { do: 'replace', step, data }
      : 'name the step and the data to send: { "step": "…", "data": … }',
};

/** Reads what is posted to `/actuator/sagas/<id>`; otherwise says what is missing. Without an action it is `resume`. */
export function readSagaAction(body: unknown): AskedAction | string {
  const fields: Fields = typeof body === 'object' && body !== null ? { ...body } : {};
  const { action = 'resume', by, why } = fields;
  if (!isText(by) || !isText(why)) return 'say who asks and why: { "by": "…", "why": "…" }';
  if (!isText(action) || !Object.hasOwn(actions, action)) {
    return `there is no such action; there are ${Object.keys(actions).join(', ')}`;
  }
  const read = actions[action as Action['do']](fields);
  return typeof read === 'string' ? read : { action: read, by, why };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
