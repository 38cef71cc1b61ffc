import type { ManagementRequest, ManagementResponse } from '@dure/core';
import type { DeliveryAction, DeliveryOperations, Intervention, ParkedMessageView } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import { withMasks, withoutMasks } from './masked-values.ts';

/** What is parked, and what operators need not see of it. */
export interface ParkedMessages {
  readonly operations: DeliveryOperations;
  /** Names of fields whose values are masked. */
  readonly masks: ReadonlySet<string>;
}

const mostListed = 200;

/** The keys that are parked, with source and key also their messages; without their data where that is asked for. */
export async function showParked(
  { operations, masks }: ParkedMessages,
  { query }: ManagementRequest,
): Promise<ManagementResponse> {
  const { source, key, state, id, data } = query;
  if (state !== undefined && state !== 'waiting' && state !== 'stopped')
    return { status: 400, detail: `"${state.slice(0, 40)}" is no state; there are waiting and stopped` };
  const parked = await operations.list({ source, key, state, limit: mostListed });
  if (source === undefined || key === undefined) return { status: 200, body: { parked } };
  const messages = await messagesOf(operations, source, key, id);
  const shown = (value: unknown) => (data === 'false' ? undefined : withMasks(value, masks));
  return { status: 200, body: { parked, messages: messages.map((one) => shownAs(one, shown)) } };
}

/** What operators did; values are masked in the data that it was done to, the rest is the engine's own. */
export async function showActions({ operations, masks }: ParkedMessages): Promise<ManagementResponse> {
  const masked = ({ detail, ...action }: DeliveryAction) => {
    if (typeof detail !== 'object' || detail === null) return { ...action, detail };
    const shown = Object.entries(detail).map(([name, value]) => [
      name,
      ofTheData.has(name) ? withMasks(value, masks) : value,
    ]);
    return { ...action, detail: Object.fromEntries(shown) as object };
  };
  return { status: 200, body: { actions: (await operations.actions(mostListed)).map(masked) } };
}

const ofTheData: ReadonlySet<string> = new Set(['data', 'before', 'after']);

/** Retries, edits or skips what is parked. MESSAGING_PARKED_UNKNOWN. */
export async function changeParked(
  parked: ParkedMessages,
  asked: Readonly<Record<string, unknown>>,
  source: string,
  who: Intervention,
): Promise<ManagementResponse> {
  const { do: what, id, key } = asked;
  if (what === 'retry') {
    const keys = await parked.operations.retry(source, typeof key === 'string' ? key : undefined, who);
    if (keys === 0) throw messagingErrors.PARKED_UNKNOWN(`no such key of ${source.slice(0, 100)} is parked`);
    return { status: 200, body: { keys } };
  }
  if (typeof id !== 'string' || id === '') return { status: 400, detail: 'name the message: { "id": "…" }' };
  if (what === 'edit' && !('data' in asked)) return { status: 400, detail: 'give the data to apply: { "data": … }' };
  if (what === 'edit') return edit(parked, source, id, asked.data, who);
  if (what !== 'skip') return { status: 400, detail: '"do" is "retry", "edit" or "skip"' };
  if (await parked.operations.skip(source, id, who)) return { status: 204 };
  throw noSuchMessage(source, id);
}

/** Whoever corrects a message has seen it with masks: what still is one stays as it was. */
async function edit(
  { operations, masks }: ParkedMessages,
  source: string,
  id: string,
  data: unknown,
  who: Intervention,
): Promise<ManagementResponse> {
  const found = await operations.message(source, id);
  if (found === undefined) throw noSuchMessage(source, id);
  const whole = withoutMasks(data, found.edited === undefined ? found.message.data : found.edited.data, masks);
  if ('missing' in whole)
    return { status: 400, detail: `"${whole.missing}" is masked, and nobody can tell what it was: give its value` };
  if (await operations.edit(source, id, whole.value, who)) return { status: 204 };
  throw noSuchMessage(source, id);
}

async function messagesOf(
  operations: DeliveryOperations,
  source: string,
  key: string,
  id: string | undefined,
): Promise<readonly ParkedMessageView[]> {
  if (id === undefined) return operations.messages(source, key, mostListed);
  const found = await operations.message(source, id);
  return found?.message.key === key ? [found] : [];
}

function shownAs({ message, edited }: ParkedMessageView, shown: (data: unknown) => unknown) {
  return {
    message: { ...message, data: shown(message.data) },
    edited: edited && { ...edited, data: shown(edited.data) },
  };
}

function noSuchMessage(source: string, id: string): Error {
  return messagingErrors.PARKED_UNKNOWN(`no message ${id.slice(0, 100)} of ${source.slice(0, 100)} waits`);
}
