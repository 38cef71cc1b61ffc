/** One request at the gateway, its answer read to the end. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** When it makes sense to ask again, if it was said, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

const longestAnswerMs = 20_000;

/** Sends a request, once. Rejects when there is no answer. */
export async function ask(edge: string, { method, path, headers = {}, body }: Asked): Promise<Answer> {
  const response = await fetch(`${edge}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(longestAnswerMs),
  });
  const text = await response.text();
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>),
    retryAfterMs: retryAfter === null ? undefined : Number(retryAfter) * 1_000,
  };
}
