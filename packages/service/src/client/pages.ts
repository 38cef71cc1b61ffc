import type { Call } from '@dure/core';
import type { HttpOperation, PagesSpec } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';

type Run = (input: unknown, call: Call) => Promise<unknown>;

/** Follows the cursors of a list, one page in hand at a time. */
export async function* pagesOf(
  { service, name }: HttpOperation,
  { cursor, next, items }: PagesSpec,
  run: Run,
  first: unknown,
  call: Call,
): AsyncGenerator<unknown> {
  let input = first as { readonly query?: Readonly<Record<string, unknown>> };
  for (;;) {
    const page = (await run(input, call)) as Readonly<Record<string, unknown>>;
    const list = page[items];
    if (!Array.isArray(list))
      throw serviceErrors.RESPONSE_INVALID(`${service}.${name}: the page has no list in \`${items}\``, {
        details: { items },
      });
    yield* list;
    const following = page[next];
    if (following === undefined || following === null || following === '') return;
    if (following === input?.query?.[cursor])
      throw serviceErrors.RESPONSE_INVALID(
        `${service}.${name}: the page after cursor ${JSON.stringify(following)} is that page again`,
        { details: { cursor: following } },
      );
    input = { ...input, query: { ...input?.query, [cursor]: following } };
  }
}
