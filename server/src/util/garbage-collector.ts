/**
 * Settings of V8 that suit a process whose heap is small and whose media lies outside of it, in buffers. Only flags that
 * V8 looks at while it runs have any effect here: `--single-threaded-gc` and the sizes of its spaces are read before.
 *
 * `--heap-growing-percent`: V8 counts buffers as growth of the heap, and lowers the limit of growth when it collects
 * often. With many cameras that ends in a full collection every quarter of a second: half of the CPU with 32 cameras.
 * A fixed limit of seven times the heap keeps them seconds apart.
 *
 * `--no-scavenger-updates-allocation-limit`: keeps the limit up where little is allocated, too. With one viewer V8 would
 * collect everything every eight seconds for a megabyte of garbage.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const FLAGS = ['--heap-growing-percent=600', '--no-scavenger-updates-allocation-limit'];

/** To be called once, at the start. */
export function tuneGarbageCollector(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}

/**
 * A full collection now. After the start it frees what building the server needed, and lets V8 take the limit from
 * what is left; else that comes in the first seconds of the first viewer.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}
