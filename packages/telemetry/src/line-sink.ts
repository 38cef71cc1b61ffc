/** Where log lines go. */
export interface LineSink {
  /** Takes a line without its newline; returns at once. */
  write(line: string): void;
  /** Resolves when everything written so far has left the process. Never rejects. */
  flush(): Promise<void>;
}

/** A sink that keeps the lines, for tests. */
export interface MemorySink extends LineSink {
  readonly lines: readonly string[];
}

/** Keeps every line. */
export function memorySink(): MemorySink {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line), flush: async () => {} };
}
