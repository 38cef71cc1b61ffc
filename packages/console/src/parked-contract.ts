import { z } from 'zod';

/** Epoch milliseconds. */
const Time = z.number();

/** `waiting`: its first message is tried again by itself; `stopped`: not before somebody asks for it. */
const ParkedState = z.enum(['waiting', 'stopped']);

/** A key whose messages wait, because the first of them cannot be applied. */
export const ParkedKey = z.object({
  /** The service whose messages they are; `payment/reactions` are a service's own. */
  source: z.string(),
  key: z.string(),
  state: ParkedState,
  attempts: z.int(),
  since: Time,
  nextAt: Time.optional(),
  error: z.object({ code: z.string().optional(), message: z.string() }),
  /** How many wait, the first one included. */
  messages: z.int(),
  first: z.object({ id: z.string(), type: z.string() }),
});

const Intervention = { by: z.string(), why: z.string(), at: Time };

/** A message that waits, without what it says. */
export const ParkedMessage = z.object({
  message: z.object({
    id: z.string(),
    type: z.string(),
    version: z.int(),
    kind: z.enum(['event', 'command', 'reply']),
    at: Time,
    position: z.int(),
    meta: z.object({ correlation: z.string().optional() }),
  }),
  /** Who has given it other data, and why. */
  edited: z.object(Intervention).optional(),
});

/** What a message says, and what is applied in its place. Sensitive values are masked by the service. */
export const ParkedData = z.object({
  message: z.object({ data: z.unknown() }),
  edited: z.object({ ...Intervention, data: z.unknown() }).optional(),
});

/** Something that an operator did about a source. */
export const ParkedAction = z.object({
  what: z.string(),
  source: z.string(),
  key: z.string().optional(),
  id: z.string().optional(),
  ...Intervention,
});

/** Keys of all services, those that are stopped first, then the oldest. */
export const ParkedList = z.object({
  now: Time,
  keys: z.array(z.object({ service: z.string(), ...ParkedKey.shape })),
  /** A service has more than it tells at once. */
  more: z.boolean(),
  /** Services that could not be asked. */
  silent: z.array(z.string()),
});

/** One key, what waits in it, and what was done about it. */
export const ParkedDetail = z.object({
  now: Time,
  service: z.string(),
  ...ParkedKey.shape,
  waiting: z.array(ParkedMessage),
  /** The latest first. */
  actions: z.array(ParkedAction),
  /** How many keys of its source are parked, this one included. */
  ofSource: z.int(),
});

const service = z.string().regex(/^[a-z][a-z0-9-]{0,60}$/);
const name = z.string().min(1).max(1_000);

export const ParkedQuery = z.object({
  service: service.optional(),
  source: name.optional(),
  key: name.optional(),
  state: ParkedState.optional(),
});

export const ParkedService = z.object({ service });

/** A key of a source, by the names that the service gives them. */
export const ParkedPlace = z.object({ source: name, key: name });

const text = z.string().trim().min(1).max(1_000);

/** What an operator does about what is parked. The service keeps who and why. */
export const ParkedOrder = z.object({
  do: z.enum(['retry', 'edit', 'skip']),
  source: name,
  /** Of `retry`: all keys of the source without one. */
  key: name.optional(),
  /** The message to edit or skip. */
  id: name.optional(),
  /** Masked values that it leaves stay as they were. */
  data: z.unknown().optional(),
  by: text,
  why: text,
});

export type ParkedState = z.infer<typeof ParkedState>;
export type ParkedKey = z.infer<typeof ParkedKey>;
export type ParkedMessage = z.infer<typeof ParkedMessage>;
export type ParkedData = z.infer<typeof ParkedData>;
export type ParkedList = z.infer<typeof ParkedList>;
export type ParkedDetail = z.infer<typeof ParkedDetail>;
export type ParkedQuery = z.infer<typeof ParkedQuery>;
export type ParkedPlace = z.infer<typeof ParkedPlace>;
export type ParkedOrder = z.infer<typeof ParkedOrder>;
