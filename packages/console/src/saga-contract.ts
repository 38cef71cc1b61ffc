import { z } from 'zod';

/** Epoch milliseconds. */
const Time = z.number();

const SagaState = z.enum(['running', 'compensating', 'completed', 'compensated', 'needs-operator', 'paused']);

/** What a service tells of an instance in a list of its sagas. */
export const SagaInShort = z.object({
  id: z.string(),
  saga: z.string(),
  version: z.int(),
  key: z.string(),
  state: SagaState,
  startedAt: Time,
  finishedAt: Time.optional(),
  /** Why it needs an operator. */
  problem: z.string().optional(),
  /** The instance of which this one is a step. */
  parent: z.object({ id: z.string(), step: z.string() }).optional(),
  /** The trace of the call that started it. */
  traceId: z.string().optional(),
});

const StepRecord = z.object({
  step: z.string(),
  state: z.enum(['sent', 'asking', 'undoing', 'done', 'refused', 'unknown', 'undone', 'kept', 'chosen']),
  attempts: z.int().optional(),
  /** When it is sent again, or looked after. */
  dueAt: Time.optional(),
  problem: z.string().optional(),
  /** What is sent in place of what the definition says. */
  data: z.unknown().optional(),
  result: z.unknown().optional(),
  items: z.array(z.unknown()).optional(),
  /** The code of a refusal. */
  code: z.string().optional(),
  refusal: z.object({ code: z.string(), data: z.unknown().optional() }).optional(),
  /** The event that it waits for. */
  waits: z.object({ event: z.string(), key: z.string(), untilMs: Time.optional() }).optional(),
});

const PlannedStep = z.object({
  /** `hold.room` in a group, `vouchers.*` in a fan-out. */
  step: z.string(),
  kind: z.enum(['compensatable', 'pivot', 'retriable']),
  node: z.enum(['command', 'local', 'wait', 'sub']),
  /** The command, the event or the saga. */
  does: z.string().optional(),
});

const HistoryEntry = z.object({
  at: Time,
  what: z.string(),
  step: z.string().optional(),
  direction: z.enum(['do', 'undo', 'ask']).optional(),
  attempt: z.int().optional(),
  detail: z.string().optional(),
});

/** All that a service tells of an instance. Sensitive values are masked there. */
export const SagaWhole = z.object({
  ...SagaInShort.shape,
  /** Gone once the pivot has been sent. */
  deadlineAt: Time.optional(),
  /** When something is to happen to it, if nothing happens before. */
  dueAt: Time.optional(),
  pausedAt: Time.optional(),
  /** Why it turned back. */
  why: z
    .object({
      reason: z.enum(['refused', 'timed-out', 'called-off']),
      step: z.string().optional(),
      code: z.string().optional(),
      data: z.unknown().optional(),
      by: z.string().optional(),
      text: z.string().optional(),
    })
    .optional(),
  input: z.unknown().optional(),
  /** In the order in which they were first sent. */
  steps: z.array(StepRecord),
  /** The steps of its definition; none when the service does not list that any more. */
  plan: z.array(PlannedStep),
  history: z.array(HistoryEntry),
});

/** Sagas of all services, those that need an operator first. */
export const SagaList = z.object({
  now: Time,
  sagas: z.array(z.object({ service: z.string(), ...SagaInShort.shape })),
  /** A service has more than it tells at once. */
  more: z.boolean(),
  /** Services whose sagas could not be asked for. */
  silent: z.array(z.string()),
});

/** One saga, of one service. */
export const SagaDetail = z.object({ now: Time, service: z.string(), ...SagaWhole.shape });

const service = z.string().regex(/^[a-z][a-z0-9-]{0,60}$/);
const word = z.string().min(1).max(200).optional();

export const SagaQuery = z.object({ service: service.optional(), saga: word, key: word, state: SagaState.optional() });

export const SagaPlace = z.object({ service, id: z.uuid() });

const text = z.string().trim().min(1).max(1_000);

/** What an operator does to a saga. The service knows what each action needs, and keeps who and why in the history. */
export const SagaOrder = z.object({
  action: z.enum(['retry', 'skip', 'undo', 'undone', 'pause', 'resume', 'extend', 'replace', 'migrate']),
  by: text,
  why: text,
  step: z.string().max(200).optional(),
  evidence: text.optional(),
  result: z.unknown().optional(),
  data: z.unknown().optional(),
  byMs: z.int().optional(),
});

export type SagaState = z.infer<typeof SagaState>;
export type SagaInShort = z.infer<typeof SagaInShort>;
export type SagaStepRecord = z.infer<typeof StepRecord>;
export type SagaList = z.infer<typeof SagaList>;
export type SagaDetail = z.infer<typeof SagaDetail>;
export type SagaQuery = z.infer<typeof SagaQuery>;
export type SagaOrder = z.infer<typeof SagaOrder>;
