/** Runs `call` from `concurrency` loops for `ms` milliseconds and returns calls per second. */
export async function callsPerSecond(call: () => Promise<unknown>, concurrency: number, ms: number): Promise<number> {
  const endsAt = performance.now() + ms;
  let calls = 0;
  const loop = async () => {
    while (performance.now() < endsAt) {
      await call();
      calls += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, loop));
  return (calls * 1_000) / (performance.now() - startedAt);
}
