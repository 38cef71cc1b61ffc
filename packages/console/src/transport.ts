/** The JSON at a URL, whatever the status: a problem is an answer, too; undefined when the answer is empty. With a body it is posted. */
export type FetchJson = (url: string, authorization: string, signal: AbortSignal, body?: unknown) => Promise<unknown>;

/** Over the platform's own `fetch`. Rejects when the answer is no JSON. */
export const fetchJson: FetchJson = async (url, authorization, signal, body) => {
  const response = await fetch(url, {
    headers: { authorization, accept: 'application/json', ...(body === undefined ? {} : json) },
    signal,
    redirect: 'error',
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return response.status === 204 ? undefined : ((await response.json()) as unknown);
};

const json = { 'content-type': 'application/json' };
