/** The JSON at a URL, whatever the status: a problem is an answer, too. Rejects when it is none. */
export type FetchJson = (url: string, authorization: string, signal: AbortSignal) => Promise<unknown>;

/** Over the platform's own `fetch`. */
export const fetchJson: FetchJson = async (url, authorization, signal) => {
  const response = await fetch(url, {
    headers: { authorization, accept: 'application/json' },
    signal,
    redirect: 'error',
  });
  return (await response.json()) as unknown;
};
