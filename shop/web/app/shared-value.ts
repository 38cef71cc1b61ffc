import { useEffect, useState } from 'preact/hooks';

/** A value that several parts of the page share. */
export interface SharedValue<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

/** Makes a shared value. */
export function sharedValue<T>(initial: T): SharedValue<T> {
  const listeners = new Set<() => void>();
  let current = initial;
  return {
    get: () => current,
    set(value) {
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value now; the component is drawn again when it changes. */
export function useShared<T>(shared: SharedValue<T>): T {
  const [value, setValue] = useState<T>(() => shared.get());
  useEffect(() => {
    const update = () => setValue(() => shared.get());
    update();
    return shared.subscribe(update);
  }, [shared]);
  return value;
}
