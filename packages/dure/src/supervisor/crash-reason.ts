/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it last complained about, if anything. */
  readonly lastError: string | undefined;
}

/** Keeps the last lines of a process's output and finds in them what it died of. */
export interface LastWords {
  hear(lines: string, stream: 'stdout' | 'stderr'): void;
  /** The line that best tells why it ended; undefined when it said nothing. */
  readonly reason: string | undefined;
}

const kept = 60;
const noise = /^\s*$|^\s+at |^Node\.js v|^\s*[\^~]+\s*$|^\(Use `node|^\s*[{}\]],?$/;
const telling = /^(?:Uncaught )?[\w.]*(?:Error|Exception)\b.*|^FATAL ERROR: .*|^node: .*/;

/** Listens to a process. An uncaught error on stderr tells more than a logged error, and that more than any line. */
export function lastWords(): LastWords {
  let complaints: string[] = [];
  let logged: string | undefined;
  return {
    hear(lines, stream) {
      if (stream === 'stderr') {
        complaints = [...complaints, ...lines.split('\n').filter((line) => !noise.test(line))].slice(-kept);
        return;
      }
      for (const line of lines.split('\n')) logged = errorIn(line) ?? logged;
    },
    get reason() {
      const line = complaints.findLast((complaint) => telling.test(complaint)) ?? logged ?? complaints.at(-1);
      return line?.trim().slice(0, 300);
    },
  };
}

/** `killed by SIGKILL`, `exit code 1: TypeError: …`. */
export function describeExit({ code, signal, lastError }: Exit): string {
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `killed by ${signal}`;
  return lastError === undefined ? how : `${how}: ${lastError}`;
}

/** The message of an error line in pino's format (level 50 and above). */
function errorIn(line: string): string | undefined {
  if (!/"level":(?:[5-9]\d|"(?:error|fatal)")/.test(line)) return undefined;
  try {
    const { msg, code, err } = JSON.parse(line) as { msg?: unknown; code?: unknown; err?: { message?: unknown } };
    const text = typeof err?.message === 'string' ? `${String(msg)}: ${err.message}` : String(msg);
    return typeof code === 'string' ? `${code}: ${text}` : text;
  } catch {
    return undefined;
  }
}
