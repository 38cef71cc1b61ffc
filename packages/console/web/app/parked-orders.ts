import type { ParkedDetail, ParkedOrder } from '../../src/parked-contract.ts';

/** What an operator may do about a parked key. */
export type ParkedAction = 'retry' | 'retryAll' | 'edit' | 'skip';

/** What of the form belongs to each. */
export const parkedFields: Readonly<Record<ParkedAction, readonly ('message' | 'data')[]>> = {
  retry: [],
  retryAll: [],
  edit: ['message', 'data'],
  skip: ['message'],
};

/** The form as it was filled in; `message` is the id of one that waits. */
export type ParkedForm = Readonly<Record<'message' | 'data' | 'by' | 'why', string>>;

/** All keys of a source go on together where more than this one are parked: what they met was mended for all. */
export function offeredParkedActions({ ofSource }: Pick<ParkedDetail, 'ofSource'>): readonly ParkedAction[] {
  return ofSource > 1 ? ['retry', 'retryAll', 'edit', 'skip'] : ['retry', 'edit', 'skip'];
}

/** What is sent; `wrong` when the data are no JSON. */
export function parkedOrderFrom(
  action: ParkedAction,
  { source, key }: Pick<ParkedDetail, 'source' | 'key'>,
  { message: id, data, by, why }: ParkedForm,
): ParkedOrder | { readonly wrong: 'data' } {
  const who = { source, by, why };
  switch (action) {
    case 'retry':
      return { do: 'retry', key, ...who };
    case 'retryAll':
      return { do: 'retry', ...who };
    case 'skip':
      return { do: 'skip', id, ...who };
    case 'edit':
      try {
        return { do: 'edit', id, data: JSON.parse(data) as unknown, ...who };
      } catch {
        return { wrong: 'data' };
      }
    default:
      return action satisfies never;
  }
}
