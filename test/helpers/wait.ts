/** Waiting for something to become true, with a message when it does not. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is neither undefined, false nor null; fails after `timeoutMs` with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false)
      return answer as Exclude<NonNullable<T>, false>;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await sleep(50);
  }
}
