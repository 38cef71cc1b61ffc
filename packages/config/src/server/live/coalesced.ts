/**
 * Makes work that may be asked for by many at once: each call is served by a run that began after it, and all calls that
 * wait share one.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = () => {
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return begin();
    next ??= running.then(nothing, nothing).then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}

function nothing(): void {}
