import type { Failure } from '@dure/console/design';

/** What the server said about each field of a request's body, by the field's own name. */
export function fieldErrors(failure: Failure | undefined): Readonly<Record<string, string>> {
  if (failure?.kind !== 'problem') return {};
  return Object.fromEntries(
    (failure.problem.errors ?? []).map(({ path, message }) => [path.split('.').at(-1) ?? path, message]),
  );
}

/** The text of a form's field, without spaces around it. */
export function formText(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
