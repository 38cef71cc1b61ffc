import type { Failure } from '@dure/console/design';

/** What is wrong with each field of a request's body, by the field's own name: in `words`, else in the server's. */
export function fieldErrors(
  failure: Failure | undefined,
  words: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (failure?.kind !== 'problem') return {};
  return Object.fromEntries(
    (failure.problem.errors ?? []).map(({ path, message }) => {
      const field = path.split('.').at(-1) ?? path;
      return [field, words[field] ?? message];
    }),
  );
}

/** The text of a form's field, without spaces around it. */
export function formText(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
