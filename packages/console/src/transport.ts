/** What an instance said about its health; undefined when it said nothing that can be read. */
export type AskHealth = (url: string, authorization: string, signal: AbortSignal) => Promise<unknown>;

/** Over the platform's own `fetch`. */
export const fetchHealth: AskHealth = async (url, authorization, signal) => {
  const response = await fetch(url, {
    headers: { authorization, accept: 'application/json' },
    signal,
    redirect: 'error',
  });
  return (await response.json()) as unknown;
};
