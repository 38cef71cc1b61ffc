import { request } from 'node:http';

/** What became of requests, each on a connection of its own. */
export interface LoadReport {
  readonly sent: number;
  /** Why some failed: `ECONNRESET`, `status 503`. */
  readonly failures: readonly string[];
}

/** Requests that go on until they are stopped, at the latest with the test. */
export interface ConnectionLoad extends Disposable {
  readonly sent: number;
  /** Requests that have no answer yet. */
  readonly underway: number;
  readonly failures: readonly string[];
  /** No further request; resolves when the last has its answer. */
  stop(): Promise<LoadReport>;
}

const answerMs = 15_000;

/** Asks for `url` on a new connection each time, `concurrency` at once. No answer within 15 s is a failure. */
export function connectionLoad(url: string, concurrency: number): ConnectionLoad {
  const failures: string[] = [];
  let sent = 0;
  let underway = 0;
  let isOver = false;
  const one = () =>
    new Promise<string | undefined>((resolve) => {
      const outgoing = request(url, { agent: false, timeout: answerMs }, (response) => {
        const { statusCode } = response;
        response.on('error', (error) => resolve(codeOf(error)));
        response.on('end', () => resolve(statusCode === 200 ? undefined : `status ${statusCode}`));
        response.resume();
      });
      outgoing.on('error', (error) => resolve(codeOf(error)));
      outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'no answer' })));
      outgoing.end();
    });
  const turns = Array.from({ length: concurrency }, async () => {
    while (!isOver) {
      sent += 1;
      underway += 1;
      const failure = await one();
      underway -= 1;
      if (failure !== undefined) failures.push(failure);
    }
  });
  return {
    get sent() {
      return sent;
    },
    get underway() {
      return underway;
    },
    failures,
    async stop() {
      isOver = true;
      await Promise.all(turns);
      return { sent, failures };
    },
    [Symbol.dispose]() {
      isOver = true;
    },
  };
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
