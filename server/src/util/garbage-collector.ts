/**
 * Settings of V8 that suit a process which is woken a thousand times a second for a moment's work, whose heap is small,
 * and whose media lies outside of it, in buffers.
 *
 * `--single-threaded-gc`: a collection is over before helper threads are awake; waking them costs a quarter of the CPU
 * of a server with one camera.
 *
 * `--heap-growing-percent`: V8 counts buffers as growth of the heap, and lowers the limit of growth when it collects
 * often. With many cameras that ends in a full collection every quarter of a second: half of the CPU with 32 cameras.
 * A fixed limit of four times the heap keeps them seconds apart.
 *
 * `--no-scavenger-updates-allocation-limit`: keeps the limit up where little is allocated, too. With one viewer V8 would
 * collect everything every eight seconds for a megabyte of garbage.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const FLAGS = [
  '--single-threaded-gc',
  '--heap-growing-percent=300',
  '--no-scavenger-updates-allocation-limit',
];

/** To be called first of all: collections that have begun keep their threads. */
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
