import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Answer, Failure } from './transport.ts';

/** Something that is fetched. While it is fetched anew the last value stays in view. */
export interface Resource<T> {
  readonly value?: T;
  readonly failure?: Failure;
  readonly traceId?: string;
  readonly loading: boolean;
  readonly reload: () => void;
}

interface Snapshot<T> {
  readonly value?: T;
  readonly failure?: Failure;
  readonly traceId?: string;
  readonly loading: boolean;
}

/** Fetches when `key` changes, aborting what is under way; `key` undefined means there is nothing to fetch yet. */
export function useResource<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<Answer<T>>,
): Resource<T> {
  const [snapshot, setSnapshot] = useState<Snapshot<T>>({ loading: key !== undefined });
  const [turn, setTurn] = useState(0);
  const current = useRef(load);
  const shownKey = useRef<string | undefined>(undefined);
  current.current = load;
  useEffect(() => {
    if (key === undefined) return undefined;
    const controller = new AbortController();
    const sameThing = shownKey.current === key;
    setSnapshot((last) => (sameThing ? { ...last, loading: true } : { loading: true }));
    shownKey.current = key;
    void current.current(controller.signal).then((answer) => {
      if (!controller.signal.aborted) setSnapshot((last) => settle(last, answer));
    });
    return () => controller.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  return { ...snapshot, reload };
}

function settle<T>(last: Snapshot<T>, answer: Answer<T>): Snapshot<T> {
  const trace = answer.traceId === undefined ? {} : { traceId: answer.traceId };
  if (answer.ok) return { value: answer.value, loading: false, ...trace };
  const kept = last.value === undefined ? {} : { value: last.value };
  return { ...kept, failure: answer.failure, loading: false, ...trace };
}
