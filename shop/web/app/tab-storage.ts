/** Keeps texts as long as the browser's tab lives; a browser that forbids it keeps them until a reload. */
export interface TabStorage {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

const memory = new Map<string, string>();

/** `sessionStorage`, where it is allowed. Only the basket and order attempts are kept, nothing secret. */
export const tabStorage: TabStorage = {
  read(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return memory.get(key) ?? null;
    }
  },
  write(key, value) {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, value);
    } catch {
      if (value === null) memory.delete(key);
      else memory.set(key, value);
    }
  },
};
