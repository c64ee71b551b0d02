/** Timestamps for byte formats that carry none: the arrival time, in ticks, strictly increasing. */

/** Counts from the first call; two packets that arrive together are one millisecond apart. */
export function createArrivalClock(timeBase: number): () => number {
  const leastStep = Math.ceil(timeBase / 1000);
  const startMs = performance.now();
  let last = -leastStep;
  return () => {
    const ticks = Math.round(((performance.now() - startMs) / 1000) * timeBase);
    last = Math.max(ticks, last + leastStep);
    return last;
  };
}
